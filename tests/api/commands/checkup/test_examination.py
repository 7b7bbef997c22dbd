"""No check hides another, whatever becomes of it."""

import threading
from collections.abc import Iterator

import pytest
import redis

from api.commands.checkup.examination import examine
from api.commands.checkup.finding import Finding, NoRedis, Status, Target
from api.settings import ApiSettings
from tests.api.commands.checkup.conftest import statuses

TARGET = Target(settings=ApiSettings())


def _good(_: Target) -> Iterator[Finding]:
    yield Finding(check="good", found="all is well")


def test_a_check_that_hangs_is_told_and_the_others_are_too() -> None:
    """What it had found by then is not lost either."""
    ends = threading.Event()

    def hanging(_: Target) -> Iterator[Finding]:
        yield Finding(check="first", found="this much")
        ends.wait()

    found = statuses(
        examine({"disk": hanging, "good": _good}, TARGET, limit_s=0.05),
    )
    ends.set()

    assert found == {"first": Status.OK, "disk": Status.FAILED, "good": Status.OK}


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NoRedis(), Status.WARNING, "not known while Redis"),
        (redis.ConnectionError(), Status.WARNING, "not known while Redis"),
        (PermissionError(13, "No right", "var"), Status.FAILED, "var: No right"),
        (ZeroDivisionError("x"), Status.FAILED, "itself failed: ZeroDivisionError: x"),
    ],
)
def test_a_check_that_raises_is_told(
    error: Exception, status: Status, words: str
) -> None:
    """An outage of Redis is told once as a fault, by the check of Redis."""

    def raising(_: Target) -> Iterator[Finding]:
        yield from ()
        raise error

    one, _ = examine({"bad": raising, "good": _good}, TARGET, limit_s=5)

    assert (one.check, one.status) == ("bad", status)
    assert words in one.found

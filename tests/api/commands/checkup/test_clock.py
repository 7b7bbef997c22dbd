"""When the clocks of a machine and of Redis are said to differ."""

import time
from types import SimpleNamespace

import pytest

from api.commands.checkup import clock
from api.commands.checkup.finding import Status, Target
from tests.api.commands.checkup.conftest import only


@pytest.mark.parametrize(
    ("ahead_s", "status", "words"),
    [
        (0, Status.OK, "agree"),
        (90, Status.WARNING, "90.0 s ahead of Redis"),
        (-90, Status.WARNING, "90.0 s behind Redis"),
    ],
)
def test_a_clock_that_is_off_is_told(
    target: Target,
    monkeypatch: pytest.MonkeyPatch,
    ahead_s: int,
    status: Status,
    words: str,
) -> None:
    """By how much, and in which direction."""
    wrong = SimpleNamespace(time=lambda: time.time() + ahead_s)
    monkeypatch.setattr(clock, "time", wrong)

    found = only(clock.check(target), "clock")

    assert found.status is status
    assert words in found.found

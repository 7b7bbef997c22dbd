"""The laws of figures that are read beside the requests."""

from collections.abc import Callable
from itertools import count
from threading import Event

import pytest
import redis

from api.last_known import LastKnown
from tests.clock import Clock
from tests.patience import wait_until


def at_once(reading: Callable[[], None]) -> None:
    """Run a reading before the request goes on."""
    reading()


def test_a_figure_is_read_once_a_second_and_only_when_asked_for(clock: Clock) -> None:
    """However many ask."""
    numbers = count(1)
    known = LastKnown(lambda: next(numbers), 0, run=at_once, clock=clock)

    assert [known() for _ in range(3)] == [1, 1, 1]
    clock.seconds += 1
    assert known() == 2


def test_no_request_waits_for_a_figure(clock: Clock) -> None:
    """Redis may hang: what is known is told at once, and one reading is enough."""
    asked, answered = [], Event()

    def read() -> str:
        asked.append(1)
        answered.wait(10)
        return "read"

    known = LastKnown(read, "first", clock=clock)
    for _ in range(3):
        assert known() == "first"
        clock.seconds += 5
    answered.set()
    wait_until(lambda: known() == "read")

    assert len(asked) <= 2


@pytest.mark.parametrize("error", [redis.ConnectionError, redis.TimeoutError])
def test_an_outage_leaves_what_was_known(
    clock: Clock, error: type[redis.RedisError]
) -> None:
    """Redis may go at any time; the figure before is as good."""
    answers = ["read"]

    def read() -> str:
        if not answers:
            raise error
        return answers.pop()

    known = LastKnown(read, "first", run=at_once, clock=clock)
    assert known() == "read"
    clock.seconds += 5

    assert known() == "read"

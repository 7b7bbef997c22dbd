"""The laws of when to come back."""

from collections.abc import Callable
from functools import partial
from threading import Event

import pytest
import redis

from api.pace import Pace
from tests.clock import Clock
from tests.patience import wait_until
from worker.rates import Rates


def at_once(reading: Callable[[], None]) -> None:
    """Run a reading before the request goes on."""
    reading()


def pace_of(clock: Clock, per_s: float, *, now: float = 0.0) -> Pace:
    """Return a pace by which the line moves."""
    measure = partial(Rates, starts_per_s=per_s)
    return Pace(measure, run=at_once, clock=clock, now=lambda: now)


def test_a_job_near_the_front_is_soon_done(clock: Clock) -> None:
    """One second, whatever the pace."""
    for pace in (pace_of(clock, 0), pace_of(clock, 1)):
        assert [pace.retry_after_s(place) for place in (None, 1, 10)] == [1, 1, 1]


def test_the_advice_follows_position_and_pace(clock: Clock) -> None:
    """10,000 jobs at 1,000 a second are ten seconds, spread over half as many more."""
    pace = pace_of(clock, 1000)
    advice = [pace.retry_after_s(10_000) for _ in range(200)]

    assert 10 <= min(advice) < max(advice) <= 15


def test_the_advice_is_a_minute_at_most(clock: Clock) -> None:
    """Nobody is sent away for longer on a guess, but for the spread."""
    pace = pace_of(clock, 1)
    advice = [pace.retry_after_s(10_000) for _ in range(200)]

    assert 60 <= min(advice) < max(advice) <= 90


def test_a_few_seconds_are_as_good_as_any_where_nothing_is_known(clock: Clock) -> None:
    """A line that was not seen moving may move soon."""
    assert 5 <= pace_of(clock, 0).retry_after_s(10_000) <= 8


def test_a_start_is_estimated_from_position_and_pace(clock: Clock) -> None:
    """Who comes 10,001st, at 1,000 a second, starts in ten seconds."""
    pace = pace_of(clock, 1000, now=1_700_000_000.25)

    assert pace.estimated_start_ms(10_001) == 1_700_000_011_000
    assert pace.estimated_start_ms(1) == 1_700_000_001_000


def test_no_start_is_estimated_where_nothing_is_known(clock: Clock) -> None:
    """A job in hand has started; and without a pace a guess would be a lie."""
    assert pace_of(clock, 1000).estimated_start_ms(None) is None
    assert pace_of(clock, 0).estimated_start_ms(5) is None
    ending = Pace(lambda: Rates(ends_per_s=1000), run=at_once, clock=clock)
    assert ending.estimated_start_ms(5) is None


def test_rates_are_read_once_a_second_and_only_when_asked_for(clock: Clock) -> None:
    """However many wait."""
    read: list[float] = []

    def measure() -> Rates:
        read.append(clock.seconds)
        return Rates(starts_per_s=len(read))

    pace = Pace(measure, run=at_once, clock=clock, now=lambda: 0.0)
    for _ in range(3):
        pace.retry_after_s(1)
    assert read == []
    for _ in range(3):
        pace.estimated_start_ms(100)
    assert len(read) == 1
    clock.seconds += 1
    assert pace.estimated_start_ms(101) == 50_000


def test_no_request_waits_for_the_rates(clock: Clock) -> None:
    """Redis may hang: what is known is told at once, and one reading is enough."""
    asked, answered = [], Event()

    def measure() -> Rates:
        asked.append(1)
        answered.wait(10)
        return Rates(starts_per_s=10)

    pace = Pace(measure, clock=clock, now=lambda: 0.0)
    for _ in range(3):
        assert pace.estimated_start_ms(101) is None
        clock.seconds += 5
    answered.set()
    wait_until(lambda: pace.estimated_start_ms(101) == 10_000)

    assert len(asked) <= 2


@pytest.mark.parametrize("error", [redis.ConnectionError, redis.TimeoutError])
def test_a_submit_that_was_taken_is_answered_without_rates(
    clock: Clock, error: type[redis.RedisError]
) -> None:
    """Redis may go between the two; the rates before are as good."""
    answers: list[Rates] = [Rates(starts_per_s=10)]

    def measure() -> Rates:
        if not answers:
            raise error
        return answers.pop()

    pace = Pace(measure, run=at_once, clock=clock, now=lambda: 0.0)
    first = pace.estimated_start_ms(101)
    clock.seconds += 5

    assert pace.estimated_start_ms(101) == first == 10_000

"""The laws of when to come back."""

from collections.abc import Callable

from api.pace import Pace
from tests.clock import Clock


def pace_of(clock: Clock, per_s: int, now: Callable[[], float] = lambda: 0.0) -> Pace:
    """Return a pace that has heard ten seconds of finished jobs."""
    pace = Pace(clock=clock, now=now)
    for _ in range(10):
        pace.record(per_s // 2)
        pace.record(per_s - per_s // 2)
        clock.seconds += 1
    return pace


def test_a_job_near_the_front_is_soon_done(clock: Clock) -> None:
    """One second, whatever the pace."""
    for pace in (Pace(clock=clock), pace_of(clock, 1)):
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


def test_a_pace_of_the_past_does_not_count(clock: Clock) -> None:
    """When nothing has finished lately, a few seconds are as good as any."""
    pace = pace_of(clock, 1000)
    clock.seconds += 60

    assert 5 <= pace.retry_after_s(10_000) <= 8


def test_a_start_is_estimated_from_position_and_pace(clock: Clock) -> None:
    """Who comes 10,001st, at 1,000 a second, starts in ten seconds."""
    pace = pace_of(clock, 1000, now=lambda: 1_700_000_000.25)

    assert pace.estimated_start_ms(10_001) == 1_700_000_011_000
    assert pace.estimated_start_ms(1) == 1_700_000_001_000


def test_no_start_is_estimated_where_nothing_is_known(clock: Clock) -> None:
    """A job in hand has started; and without a pace a guess would be a lie."""
    assert pace_of(clock, 1000).estimated_start_ms(None) is None
    assert Pace(clock=clock).estimated_start_ms(5) is None

"""The laws of when to come back."""

from functools import partial

from api.pace import Pace
from worker.rates import Rates


def pace_of(per_s: float, *, now: float = 0.0) -> Pace:
    """Return a pace by which the line moves."""
    return Pace(partial(Rates, starts_per_s=per_s), now=lambda: now)


def test_a_job_near_the_front_is_soon_done() -> None:
    """One second, whatever the pace."""
    for pace in (pace_of(0), pace_of(1)):
        assert [pace.retry_after_s(place) for place in (None, 1, 10)] == [1, 1, 1]


def test_the_advice_follows_position_and_pace() -> None:
    """10,000 jobs at 1,000 a second are ten seconds, spread over half as many more."""
    pace = pace_of(1000)
    advice = [pace.retry_after_s(10_000) for _ in range(200)]

    assert 10 <= min(advice) < max(advice) <= 15


def test_the_advice_is_a_minute_at_most() -> None:
    """Nobody is sent away for longer on a guess, but for the spread."""
    pace = pace_of(1)
    advice = [pace.retry_after_s(10_000) for _ in range(200)]

    assert 60 <= min(advice) < max(advice) <= 90


def test_a_few_seconds_are_as_good_as_any_where_nothing_is_known() -> None:
    """A line that was not seen moving may move soon."""
    assert 5 <= pace_of(0).retry_after_s(10_000) <= 8


def test_a_start_is_estimated_from_position_and_pace() -> None:
    """Who comes 10,001st, at 1,000 a second, starts in ten seconds."""
    pace = pace_of(1000, now=1_700_000_000.25)

    assert pace.estimated_start_ms(10_001) == 1_700_000_011_000
    assert pace.estimated_start_ms(1) == 1_700_000_001_000


def test_no_start_is_estimated_where_nothing_is_known() -> None:
    """A job in hand has started; and without a pace a guess would be a lie."""
    assert pace_of(1000).estimated_start_ms(None) is None
    assert pace_of(0).estimated_start_ms(5) is None
    ending = Pace(lambda: Rates(ends_per_s=1000))
    assert ending.estimated_start_ms(5) is None

"""The laws of when to come back."""

import pytest

from api.pace import Pace


class Clock:
    """A clock that is set by hand."""

    seconds = 100.0

    def __call__(self) -> float:
        """Return monotonic seconds."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


def pace_of(clock: Clock, per_s: int) -> Pace:
    """Return a pace that has heard ten seconds of finished jobs."""
    pace = Pace(clock=clock)
    for _ in range(10):
        pace.record(per_s // 2)
        pace.record(per_s - per_s // 2)
        clock.seconds += 1
    return pace


def test_a_job_near_the_front_is_soon_done(clock: Clock) -> None:
    """One second, whatever the pace."""
    assert Pace(clock=clock).retry_after_s(1) == 1
    assert Pace(clock=clock).retry_after_s(None) == 1


def test_the_advice_follows_position_and_pace(clock: Clock) -> None:
    """10,000 jobs at 1,000 a second are ten seconds, spread by a fifth."""
    pace = pace_of(clock, 1000)
    advice = [pace.retry_after_s(10_000) for _ in range(200)]

    assert 8 <= min(advice) < 10 < max(advice) <= 12


def test_the_advice_is_a_minute_at_most(clock: Clock) -> None:
    """Nobody is sent away for longer on a guess."""
    assert pace_of(clock, 1).retry_after_s(10_000) == 60


def test_a_pace_of_the_past_does_not_count(clock: Clock) -> None:
    """When nothing has finished lately, a few seconds are as good as any."""
    pace = pace_of(clock, 1000)
    clock.seconds += 60

    assert 4 <= pace.retry_after_s(10_000) <= 6

"""The laws of rates."""

from worker.rates import Rates, measured

NOW = 1_000_000


def samples(*rows: tuple[int, int, int, int]) -> list[bytes]:
    """Return samples, newest first, from `(ms ago, submitted, ended, claimed)`."""
    return [b"%d %d %d %d" % (NOW - ago, *counts) for ago, *counts in rows]


def test_rates_are_differences_over_the_window() -> None:
    """Arrivals, ends, and the pace of a line that was there all the time."""
    found = measured(samples((0, 900, 400, 500), (4000, 500, 200, 180)), NOW)

    assert found == Rates(arrivals_per_s=100, ends_per_s=50, starts_per_s=80)


def test_nothing_is_known_without_two_samples_of_late() -> None:
    """One, none, or only old ones."""
    old = samples((11_000, 900, 400, 500), (12_000, 500, 200, 180))
    assert measured(old, NOW) == Rates()
    assert measured(samples((0, 900, 400, 500)), NOW) == Rates()
    assert measured([], NOW) == Rates()


def test_a_time_without_a_line_does_not_slow_the_line_that_comes() -> None:
    """Idle for eight seconds, then a thousand a second: a thousand it is."""
    idle = [(ago * 1000, 0, 0, 0) for ago in range(3, 10)]
    burst = [(0, 4000, 1900, 2000), (1000, 4000, 900, 1000), (2000, 4000, 0, 10)]

    assert measured(samples(*burst, *idle), NOW).starts_per_s == 995


def test_a_line_that_stands_has_no_pace() -> None:
    """Where jobs only end by cancel or deadline, nobody starts."""
    stands = [(ago * 1000, 100, 100 - 10 * ago, 7) for ago in range(5)]

    found = measured(samples(*stands), NOW)

    assert found.starts_per_s == 0
    assert found.ends_per_s == 10

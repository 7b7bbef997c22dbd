"""The laws of how a lane's capacity is measured."""

import pytest

from worker.capacity import Capacity, current

NOW = 1_000_000_000
#: For how long the first in line has waited, in ms: longer than between two ticks.
LONG = 1500


def ticks(*rows: tuple[int, int]) -> list[bytes]:
    """Return samples a second apart, newest first.

    Args:
        rows: How many jobs workers have ended so far, and for how many ms the first in
            line has waited, 0 where nobody waits.
    """
    return [
        b"%d 0 0 0 %d %d" % (at, priced, at - waited if waited else 0)
        for ago, (priced, waited) in enumerate(rows)
        for at in (NOW - 1000 * ago,)
    ]


def test_ends_are_the_capacity_while_somebody_waits_all_the_time() -> None:
    """Four ticks, three intervals in which no worker was without work."""
    busy = ticks((150, LONG), (100, LONG), (50, LONG), (0, 0))

    assert current(busy, workers=2) == Capacity(50, 2)


def test_a_quiet_lane_says_nothing_of_what_it_could_do() -> None:
    """One job a second, each taken at once: a burst must not meet a capacity of one."""
    quiet = ticks(*((10 - n, 0) for n in range(11)))

    assert current(quiet, workers=1) is None


def test_a_line_at_each_tick_is_no_line_all_the_time() -> None:
    """Who waits at a tick came after the last one: workers may have idled between."""
    often = ticks(*((10 - n, 20) for n in range(11)))

    assert current(often, workers=1) is None


def test_a_line_that_has_just_begun_says_nothing() -> None:
    """Within less than three seconds a batch more or less is too much."""
    young = ticks((100, LONG), (50, LONG), (0, 0), (0, 0), (0, 0))

    assert current(young, workers=1) is None


def test_what_was_seen_is_remembered_when_the_line_has_gone() -> None:
    """The next burst is weighed from its first job on; more workers do more."""
    quiet = ticks(*((0, 0) for _ in range(11)))

    assert current(quiet, 2, Capacity(50, 2)) == Capacity(50, 2)
    assert current(quiet, 4, Capacity(50, 2)) == Capacity(100, 4)
    assert current(quiet, 1, Capacity(50, 2)) == Capacity(25, 1)


def test_a_new_measure_takes_the_place_of_what_is_remembered() -> None:
    """Up and down: a new model may be faster or slower."""
    for per_s in (5, 500):
        busy = ticks(*((per_s * (4 - n), LONG) for n in range(5)))
        assert current(busy, 1, Capacity(50, 1)) == Capacity(per_s, 1)


def test_more_than_is_remembered_was_done_so_it_can_be_done() -> None:
    """Ends are no less than the capacity, line or not."""
    quick = ticks(*((3000 * (10 - n), 0) for n in range(11)))

    assert current(quick, 1, Capacity(50, 1)) == Capacity(3000, 1)


@pytest.mark.parametrize("busy_s", [8, 10])
def test_a_line_that_stands_has_no_capacity(busy_s: int) -> None:
    """All workers may be paused, or hang: for how long nobody can say."""
    stands = ticks(*((100, LONG) for _ in range(busy_s + 1)))

    assert current(stands, 1, Capacity(50, 1)) is None


def test_one_long_batch_is_no_standstill() -> None:
    """Ends come a batch at a time."""
    batch = ticks(*((100, LONG) for _ in range(5)), (50, 0))

    assert current(batch, 1, Capacity(50, 1)) == Capacity(10, 1)
    assert current(batch[:5], 1, Capacity(50, 1)) == Capacity(50, 1)


def test_nothing_is_known_without_workers_or_ticks() -> None:
    """Jobs that come then wait for a worker, however long that is."""
    busy = ticks(*((50 * (4 - n), LONG) for n in range(5)))

    assert current(busy, 0, Capacity(50, 1)) is None
    assert current([], 1, Capacity(50, 1)) is None


def test_samples_of_an_older_release_are_read() -> None:
    """They know neither ends by workers nor who waits."""
    old = [b"%d 9 9 9" % (NOW - 1000 * ago) for ago in range(11)]

    assert current(old, 1) is None


def test_a_capacity_is_read_as_it_is_written() -> None:
    """However small."""
    for known in (Capacity(50, 2), Capacity(0.0001, 1), Capacity(1_234.5, 64)):
        assert Capacity.parse(str(known).encode()) == known

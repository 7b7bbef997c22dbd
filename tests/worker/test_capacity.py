"""The laws of how a lane's capacity is measured."""

from collections.abc import Collection

import pytest

from worker.capacity import Capacity, current

NOW = 1_000_000_000
#: For how long the first in line has waited, in ms: longer than between two ticks.
LONG = 1500


def ticks(*rows: tuple[int, int], paused: Collection[int] = ()) -> list[bytes]:
    """Return samples a second apart, newest first.

    Args:
        rows: How many jobs workers have ended so far, and for how many ms the first in
            line has waited, 0 where nobody waits.
        paused: At which of them the lane was paused.
    """
    return [
        b"%d 0 0 0 %d %d %d" % (at, priced, at - waited if waited else 0, ago in paused)
        for ago, (priced, waited) in enumerate(rows)
        for at in (NOW - 1000 * ago,)
    ]


def test_ends_are_the_capacity_while_somebody_waits_all_the_time() -> None:
    """Three intervals from an end on in which no worker was without work."""
    busy = ticks((200, LONG), (150, LONG), (100, LONG), (50, LONG), (0, 0))

    assert current(busy, workers=2) == Capacity(25, 2)


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
    young = ticks((150, LONG), (100, LONG), (50, LONG), (0, 0), (0, 0))

    assert current(young, workers=1) is None


def test_what_was_seen_is_remembered_when_the_line_has_gone() -> None:
    """The next burst is weighed from its first job on; more workers do more."""
    quiet = ticks(*((0, 0) for _ in range(11)))

    assert current(quiet, 2, Capacity(50, 2)) == Capacity(50, 2)
    assert current(quiet, 4, Capacity(50, 2)) == Capacity(50, 4)
    assert current(quiet, 1, Capacity(50, 2)) == Capacity(50, 1)


def test_a_guess_stays_one_until_it_is_measured() -> None:
    """Until then a faster batch takes its place."""
    guess = Capacity(50, 1, is_guess=True)
    quiet = ticks(*((0, 0) for _ in range(11)))
    busy = ticks(*((40 * (4 - n), LONG) for n in range(5)))

    assert current(quiet, 2, guess) == Capacity(50, 2, is_guess=True)
    assert current(busy, 1, guess) == Capacity(40, 1)


def test_a_new_measure_takes_the_place_of_what_is_remembered() -> None:
    """Up and down: a new model may be faster or slower."""
    for per_s in (5, 500):
        busy = ticks(*((per_s * (4 - n), LONG) for n in range(5)))
        assert current(busy, 1, Capacity(50, 1)) == Capacity(per_s, 1)


def test_more_than_is_remembered_was_done_so_it_can_be_done() -> None:
    """Ends are no less than the capacity, line or not."""
    quick = ticks(*((3000 * (10 - n), 0) for n in range(11)))

    assert current(quick, 2, Capacity(50, 1)) == Capacity(1500, 2)


@pytest.mark.parametrize("busy_s", [8, 10])
def test_a_line_that_stands_has_no_workers(busy_s: int) -> None:
    """All may hang, for how long nobody can say; what one can do is still known."""
    stands = ticks(*((100, LONG) for _ in range(busy_s + 1)))

    assert current(stands, 1) is None
    assert current(stands, 1, Capacity(50, 1)) == Capacity(50, 0)
    assert current(ticks((100, 0)), 1, Capacity(50, 0)) == Capacity(50, 1)


def test_one_long_batch_is_no_standstill() -> None:
    """Ends come a batch at a time, and of one alone nobody knows when it began."""
    batch = ticks(*((100, LONG) for _ in range(5)), (50, 0))

    assert current(batch, 1, Capacity(50, 1)) == Capacity(50, 1)
    assert current(batch[:5], 1, Capacity(50, 1)) == Capacity(50, 1)


def test_a_pause_takes_nothing_from_the_capacity() -> None:
    """Neither while it lasts nor just after it: nobody worked, whoever waited."""
    line = [(50 * (5 - n), LONG) for n in range(5)] + [(50, LONG)] * 5 + [(0, LONG)]

    assert current(ticks(*line), 1) == Capacity(200 / 9, 1)
    assert current(ticks(*line, paused=range(5, 10)), 1) == Capacity(50, 1)
    paused = ticks(*line[5:], paused=range(5))
    assert current(paused, 1, Capacity(50, 1)) == Capacity(50, 0)


def test_a_standstill_before_the_first_end_is_no_work() -> None:
    """Measured with it the capacity would be a third of what it is."""
    line = [(50 * (4 - n), LONG) for n in range(4)] + [(0, LONG)] * 7

    assert current(ticks(*line), 1) == Capacity(50, 1)


def test_without_workers_what_one_can_do_is_remembered() -> None:
    """A single worker starts anew: the first to come back is weighed at once."""
    busy = ticks(*((50 * (4 - n), LONG) for n in range(5)))

    assert current(busy, 0) is None
    assert current(busy, 0, Capacity(50, 1)) == Capacity(50, 0)
    assert current([], 1, Capacity(50, 1)) == Capacity(50, 1)


def test_samples_of_an_older_release_are_read() -> None:
    """They know neither ends by workers nor who waits."""
    old = [b"%d 9 9 9" % (NOW - 1000 * ago) for ago in range(11)]

    assert current(old, 1) is None


def test_a_capacity_is_read_as_it_is_written() -> None:
    """However small."""
    for known in (Capacity(50, 2), Capacity(0.0001, 0), Capacity(7, 64, is_guess=True)):
        assert Capacity.parse(str(known).encode()) == known

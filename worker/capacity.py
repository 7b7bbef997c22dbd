"""How fast the workers of a lane can end jobs: what a wait is worked out from.

Ends a second are what workers can do only while they have enough to do. So only times
in which somebody waited from one tick to the next are measured, and what they showed is
remembered until it is measured anew; docs/decisions/0023-admission.md tells why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from worker.rates import Sample, read

#: Milliseconds for which somebody must have waited, for the capacity to be measured.
_SHORTEST_MS = 3000
#: Milliseconds over which it is measured, at most, and what comes close to that.
_WINDOW_MS, _LONG_MS = 10_000, 7000
#: Marks what `complete` worked out from a batch.
_GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the workers of a lane are able to do while they are never without work."""

    #: Jobs a second that one of them ends.
    per_worker_s: float
    #: How many there are; 0 also where they stand still.
    workers: int
    #: Not measured yet, but worked out from a batch.
    is_guess: bool = False

    def __str__(self) -> str:
        figures = f"{self.per_worker_s:.6g} {self.workers}"
        return f"{figures} {_GUESS}" if self.is_guess else figures

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read what `str` wrote."""
        per_worker_s, workers, *guess = text.split()
        return cls(float(per_worker_s), int(workers), is_guess=bool(guess))


def current(
    samples: Sequence[bytes], workers: int, known: Capacity | None = None
) -> Capacity | None:
    """Return the capacity of a lane now; None where nothing is known of it.

    Args:
        samples: As the reaper writes them, newest first.
        workers: How many workers ask for jobs of the lane now.
        known: What was returned last.
    """
    ticks = read(samples)
    if not ticks:
        return known
    recent = [one for one in ticks if ticks[0].time_ms - one.time_ms <= _WINDOW_MS]
    line = _line(recent)
    per_s = _per_s(line, _SHORTEST_MS)
    if workers and per_s:
        return Capacity(per_s / workers, workers)
    if known is None:
        return None
    # Where nothing of a line that lasts is priced, workers stand still, and for how
    # long nobody knows.
    stands = _span_ms(line) >= _LONG_MS and line[0].priced == line[-1].priced
    if not workers or stands or ticks[0].paused:
        return Capacity(known.per_worker_s, 0, known.is_guess)
    # What was done can be done, however little there was to do.
    done = _per_s(recent, _LONG_MS) / workers
    return Capacity(max(known.per_worker_s, done), workers, known.is_guess)


def _line(recent: Sequence[Sample]) -> Sequence[Sample]:
    """Return the newest samples between which somebody waited all the time."""
    for place, (later, earlier) in enumerate(pairwise(recent), start=1):
        had_line = 0 < later.first_ms <= earlier.time_ms
        if not had_line or later.paused or earlier.paused:
            return recent[:place]
    return recent


def _span_ms(ticks: Sequence[Sample]) -> int:
    return ticks[0].time_ms - ticks[-1].time_ms


def _per_s(ticks: Sequence[Sample], shortest_ms: int) -> float:
    """Return how many jobs a second workers brought to their end, from an end on.

    Before the first one they may have stood still, or have had a whole batch almost
    done. 0 where less than the shortest time is left.
    """
    ended = [
        place
        for place, (later, earlier) in enumerate(pairwise(ticks))
        if later.priced > earlier.priced
    ]
    first = ticks[ended[-1]] if ended else ticks[0]
    span_ms = ticks[0].time_ms - first.time_ms
    if not span_ms or span_ms < shortest_ms:
        return 0.0
    return (ticks[0].priced - first.priced) * 1000 / span_ms

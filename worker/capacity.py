"""How fast the workers of a lane can end jobs: what a wait is worked out from.

Ends a second are what workers can do only while they have enough to do. So only times
in which somebody waited from one tick to the next are measured, and what they showed is
remembered; docs/decisions/0023-admission.md tells why.
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


@dataclass(frozen=True, slots=True)
class Capacity:
    """Jobs a second that so many workers end while they are never without work."""

    per_s: float
    workers: int

    def __str__(self) -> str:
        return f"{self.per_s:.6g} {self.workers}"

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read what `str` wrote."""
        per_s, workers = text.split()
        return cls(float(per_s), int(workers))


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
    if not (ticks and workers):
        return None
    recent = [one for one in ticks if ticks[0].time_ms - one.time_ms <= _WINDOW_MS]
    line = _line(recent)
    if _span_ms(line) >= _SHORTEST_MS and _per_s(line):
        return Capacity(_per_s(line), workers)
    # Where nothing of a line that lasts is priced, workers stand still, and for how
    # long nobody knows.
    if known is None or _span_ms(line) >= _LONG_MS:
        return None
    # What was done can be done, however little there was to do.
    done = _per_s(recent) if _span_ms(recent) >= _LONG_MS else 0.0
    return Capacity(max(known.per_s * workers / known.workers, done), workers)


def _line(recent: Sequence[Sample]) -> Sequence[Sample]:
    """Return the newest samples between which somebody waited all the time."""
    for place, (later, earlier) in enumerate(pairwise(recent), start=1):
        if not 0 < later.first_ms <= earlier.time_ms:
            return recent[:place]
    return recent


def _span_ms(ticks: Sequence[Sample]) -> int:
    return ticks[0].time_ms - ticks[-1].time_ms


def _per_s(ticks: Sequence[Sample]) -> float:
    """Return how many jobs a second workers brought to their end."""
    span_ms = _span_ms(ticks)
    return (ticks[0].priced - ticks[-1].priced) * 1000 / span_ms if span_ms else 0.0

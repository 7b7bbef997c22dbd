"""How fast the jobs of a lane come and go, from the samples that the reaper takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

#: Milliseconds over which rates are measured.
_WINDOW_MS = 10_000


@dataclass(frozen=True, slots=True)
class Rates:
    """Jobs a second, of late; 0 where nothing is known."""

    arrivals_per_s: float = 0.0
    ends_per_s: float = 0.0
    #: How fast the line moves while there is one.
    starts_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A tick of the reaper."""

    time_ms: int
    #: Counts since the lane began: submits, ends, and the place up to which the line
    #: has been taken.
    submitted: int
    ended: int
    claimed: int
    #: Count of the ends that workers brought.
    priced: int = 0
    #: Since when the first in line waits, in ms since the epoch; 0: nobody waits.
    first_ms: int = 0
    #: 1 where nobody might claim, else 0.
    paused: int = 0

    @property
    def has_line(self) -> bool:
        """Tell whether anybody waits who was not passed over."""
        return self.submitted > self.claimed


def read(samples: Sequence[bytes]) -> list[Sample]:
    """Read samples as the reaper writes them; an older release wrote fewer figures."""
    return [Sample(*map(int, sample.split())) for sample in samples]


def measured(samples: Sequence[bytes], now_ms: int) -> Rates:
    """Return the rates between the samples of the window.

    Without two samples of late nothing is known, and nothing is claimed.

    Args:
        samples: As the reaper writes them, newest first.
        now_ms: Redis's time.
    """
    recent = [one for one in read(samples) if now_ms - one.time_ms <= _WINDOW_MS]
    if not recent or recent[0].time_ms == recent[-1].time_ms:
        return Rates()
    newest, oldest = recent[0], recent[-1]
    span_s = (newest.time_ms - oldest.time_ms) / 1000
    return Rates(
        arrivals_per_s=round((newest.submitted - oldest.submitted) / span_s, 1),
        ends_per_s=round((newest.ended - oldest.ended) / span_s, 1),
        starts_per_s=_starts_per_s(recent),
    )


def _starts_per_s(recent: Sequence[Sample]) -> float:
    """Return the pace of the line; times in which nobody waited tell nothing of it."""
    busy = [
        (later, earlier)
        for later, earlier in pairwise(recent)
        if later.has_line and earlier.has_line
    ]
    spent_ms = sum(later.time_ms - earlier.time_ms for later, earlier in busy)
    started = sum(later.claimed - earlier.claimed for later, earlier in busy)
    return round(started * 1000 / spent_ms, 1) if spent_ms else 0.0

"""What a lane did in the last hour, from the points that the reaper keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from worker.jobs import rfc3339

#: Seconds from point to point.
STEP_S = 10
#: How far back it goes.
MINUTES_KEPT = 60
#: Milliseconds between points from which on the time between them is a gap: nobody
#: was there to look, and what an average over it says was never so.
_GAP_MS = 3 * STEP_S * 1000


@dataclass(frozen=True, slots=True)
class Point:
    """How a lane stood, and its counts since it began, as the reaper writes them."""

    time_ms: int
    submitted: int
    ended: int
    waiting: int
    running: int
    #: Since when the first in line waits, in ms since the epoch; 0: nobody waits.
    first_ms: int
    #: 1 where nobody might claim, else 0.
    paused: int
    started: int
    #: How long all that started had waited, together.
    waited_ms: int


def told(kept: Sequence[bytes], since_ms: int) -> list[dict[str, Any]]:
    """Return the points since a time, oldest first, each with its rates.

    The first one after a gap is left out: its rates are not known.

    Args:
        kept: As the reaper writes them, newest first.
        since_ms: Milliseconds since the epoch, on Redis's clock.
    """
    points = [Point(*map(int, one.split())) for one in reversed(kept)]
    return [
        _told(earlier, later)
        for earlier, later in _steps(points)
        if later.time_ms >= since_ms
    ]


def _steps(points: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    for earlier, later in pairwise(points):
        # Less than nothing where Redis's clock was set back.
        if 0 < later.time_ms - earlier.time_ms < _GAP_MS:
            yield earlier, later


def _told(earlier: Point, later: Point) -> dict[str, Any]:
    span_s = (later.time_ms - earlier.time_ms) / 1000
    starts = later.started - earlier.started
    waited_s = (later.waited_ms - earlier.waited_ms) / 1000
    oldest_ms = later.time_ms - later.first_ms if later.first_ms else 0
    return {
        "time": rfc3339(later.time_ms),
        "arrivals_per_s": round((later.submitted - earlier.submitted) / span_s, 2),
        "jobs_per_s": round((later.ended - earlier.ended) / span_s, 2),
        "waiting": later.waiting,
        "running": later.running,
        "oldest_age_s": max(0, oldest_ms) / 1000,
        "mean_wait_s": round(waited_s / starts, 3) if starts else None,
        "paused": bool(later.paused),
    }

"""Submit to result on idle stacks: `Prefer: wait` against a poll every 10 ms."""

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks import load
from benchmarks.load import Target

#: Seconds between two polls of the tutorial.
POLL_EVERY_S = 0.01
#: Jobs before the other stack has its turn.
_TURN = 10


@dataclass(frozen=True, slots=True)
class Latencies:
    """Median milliseconds from submit to price, one client, nothing else going on."""

    tutorial_ms: float
    kerbside_ms: float

    @property
    def ratio(self) -> float:
        """Kerbside's as a share of the tutorial's."""
        return self.kerbside_ms / self.tutorial_ms


def measure(
    tutorial: Target, kerbside: Target, houses: Sequence[dict[str, Any]], *, turns: int
) -> Latencies:
    """Price houses one after the other, ten on each stack in turn."""
    waiting = replace(kerbside, submit_headers={"Prefer": "wait=10"})
    seen: dict[str, list[float]] = {tutorial.name: [], kerbside.name: []}
    for turn in range(turns):
        share = houses[turn * _TURN : (turn + 1) * _TURN]
        for target in (tutorial, waiting):
            outcome = load.run(
                target,
                share,
                jobs=len(share),
                clients=1,
                schedule=lambda: itertools.repeat(POLL_EVERY_S),
            )
            seen[target.name] += outcome.latencies
    return Latencies(
        1000 * statistics.median(seen[tutorial.name]),
        1000 * statistics.median(seen[kerbside.name]),
    )

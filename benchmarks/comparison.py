"""The loaded comparison: both stacks, one load, in turn, CPU of all processes."""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import load
from benchmarks.http_client import Connection
from benchmarks.load import Outcome, Target
from benchmarks.stacks import Running

#: Clients of the load, each with one job at a time.
CLIENTS = 16
#: Seconds of polling that tell what a poll costs.
_POLLING_S = 2.0

#: Programs whose cost is told under another name.
_PARTS = {"predictions-1": "worker", "predictions-2": "worker", "beat": "upkeep"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One load run on one stack."""

    jobs: int
    jobs_per_s: float
    polls_per_job: float
    p50_ms: float
    #: CPU milliseconds a job of each part of the stack.
    cpu_ms: Mapping[str, float]
    #: Mean houses a batch; None where there are no batches.
    batch: float | None

    @property
    def total_ms(self) -> float:
        """CPU milliseconds a job of all server processes."""
        return sum(self.cpu_ms.values())


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two stacks, and how many jobs it gets in a round."""

    running: Running
    jobs: int

    def round(self, houses: Sequence[dict[str, Any]]) -> Round:
        """Run the load once."""
        running, count = self.running, self.running.batches
        batches, before = count(), running.programs.cpu_seconds()
        outcome = load.run(running.target, houses, jobs=self.jobs, clients=CLIENTS)
        after = running.programs.cpu_seconds()
        batches = count() - batches
        return _round(outcome, before, after, batches)


def alternate(
    sides: Sequence[Side],
    houses: Sequence[dict[str, Any]],
    *,
    rounds: int,
    told: Callable[[str], None],
) -> list[list[Round]]:
    """Run A B A B ...; return the rounds of each side."""
    results: list[list[Round]] = [[] for _ in sides]
    for number in range(1, rounds + 1):
        for side, done in zip(sides, results, strict=True):
            done.append(side.round(houses))
            name, last = side.running.target.name, done[-1]
            told(f"round {number} of {rounds}: {name} {last.total_ms:.2f} ms a job")
    return results


def ratio(dear: Sequence[Round], cheap: Sequence[Round]) -> float:
    """Return the median of the ratios of the rounds that ran beside each other."""
    return statistics.median(
        a.total_ms / b.total_ms for a, b in zip(dear, cheap, strict=True)
    )


def median(rounds: Sequence[Round], figure: Callable[[Round], float]) -> float:
    """Return the median of a figure over rounds."""
    return statistics.median(map(figure, rounds))


def poll_cost_ms(running: Running, houses: Sequence[dict[str, Any]]) -> float:
    """Return CPU milliseconds of all programs for one poll of a finished job."""
    outcome = load.run(running.target, houses, jobs=1, clients=1)
    before = running.programs.cpu_seconds()
    polls = asyncio.run(_poll(running.target, outcome.last_path))
    after = running.programs.cpu_seconds()
    return 1000 * (sum(after.values()) - sum(before.values())) / polls


async def _poll(target: Target, path: str) -> int:
    until = time.monotonic() + _POLLING_S
    counts = await asyncio.gather(
        *(_poll_until(target, path, until) for _ in range(CLIENTS))
    )
    return sum(counts)


async def _poll_until(target: Target, path: str, until: float) -> int:
    count = 0
    async with Connection(target.host, target.port) as connection:
        while time.monotonic() < until:
            await connection.request("GET", path, target.headers)
            count += 1
    return count


def _round(
    outcome: Outcome,
    before: Mapping[str, float],
    after: Mapping[str, float],
    batches: int,
) -> Round:
    parts: dict[str, float] = defaultdict(float)
    for name, seconds in after.items():
        parts[_PARTS.get(name, name)] += 1000 * (seconds - before[name]) / outcome.jobs
    return Round(
        jobs=outcome.jobs,
        jobs_per_s=outcome.jobs / outcome.seconds,
        polls_per_job=outcome.polls / outcome.jobs,
        p50_ms=1000 * outcome.median_latency,
        cpu_ms=dict(parts),
        batch=outcome.jobs / batches if batches else None,
    )

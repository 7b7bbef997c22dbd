"""Runs on a queue filled before: the cost at depth, and workers side by side."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import houses, stacks
from benchmarks.programs import ROOT
from benchmarks.slow_model import BATCH_S
from benchmarks.stacks import Installation
from model_store.store import ModelStore
from worker import keys, pauses
from worker.connection import connect
from worker.jobs import Submission
from worker.supervision.child import ChildSpec

#: Houses a batch at most in the run of 1 and 4 workers: small, so that the wait of each
#: batch is the limit and not the two cores.
SCALING_BATCH = 4
#: Workers that are compared.
SCALING_WORKERS = (1, 4)
#: Seconds from the start of the flow until it is measured.
_FLOWING_S = 1.0
_LOOK_EVERY_S = 0.02


class Backlog:
    """A Kerbside without API whose waiting jobs are set by hand."""

    def __init__(self, home: Installation, jobs: Iterator[Submission]) -> None:
        self.home = home
        self._jobs = jobs
        self._queue = home.queue()
        self._redis: Any = connect(home.settings.redis_url, role="worker")
        self.stop()

    def waiting(self) -> int:
        """Return how many jobs wait."""
        return int(self._redis.llen(keys.PREDICTIONS))

    def fill(self, depth: int) -> None:
        """Submit until `depth` jobs wait."""
        for _ in range(depth - self.waiting()):
            self.submit()

    def submit(self) -> None:
        """Submit the next job."""
        self._queue.submit(next(self._jobs))

    def flow(self) -> None:
        """Let the workers take jobs."""
        pauses.end(self._redis, keys.PREDICTIONS)

    def stop(self) -> None:
        """Let the workers finish what they hold and take no more."""
        pauses.begin(self._redis, keys.PREDICTIONS)
        running = keys.lane_key("running", keys.PREDICTIONS)
        while self._redis.zcard(running):
            time.sleep(_LOOK_EVERY_S)

    def cost_us(self, jobs: int, *names: str) -> float:
        """Let about `jobs` of them be priced; return CPU microseconds a job.

        Args:
            jobs: How many.
            names: Of the programs that are looked at; by default all.
        """
        start, before = self.waiting(), self.home.programs.cpu_seconds()
        self.flow()
        self.home.programs.wait(
            f"{jobs} jobs to be priced", lambda: start - self.waiting() >= jobs
        )
        self.stop()
        after = self.home.programs.cpu_seconds()
        seconds = sum(after[name] - before[name] for name in names or after)
        return 1e6 * seconds / (start - self.waiting())

    def rate(self, seconds: float) -> float:
        """Let the workers take jobs for a while; return jobs a second."""
        self.flow()
        time.sleep(_FLOWING_S)
        start, began = self.waiting(), time.monotonic()
        time.sleep(seconds)
        rate = (start - self.waiting()) / (time.monotonic() - began)
        self.stop()
        return rate


@dataclass(frozen=True, slots=True)
class Depths:
    """CPU microseconds a job, worker and Redis, by the number of waiting jobs."""

    shallow: int
    deep: int
    shallow_us: float
    deep_us: float
    #: Median of the ratios of runs beside each other.
    ratio: float


@dataclass(frozen=True, slots=True)
class Scaling:
    """Jobs a second of one worker and of several."""

    one: float
    several: float
    #: Median of the ratios of runs beside each other.
    ratio: float


def depths(
    folder: Path,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    *,
    levels: tuple[int, int],
    rounds: int,
    told: Callable[[str], None],
) -> Depths:
    """Price a part of a short and of a long queue in turn; most of it stays waiting."""
    shallow, deep = levels
    jobs = shallow * 4 // 5
    with ExitStack() as at_end:
        backlogs = [
            started(at_end, folder / f"depth-{level}", store, drawn) for level in levels
        ]
        costs: list[tuple[float, float]] = []
        for number in range(1, rounds + 1):
            for backlog, level in zip(backlogs, levels, strict=True):
                told(f"round {number} of {rounds}: filling up to {level:,} waiting")
                backlog.fill(level)
            costs.append((backlogs[0].cost_us(jobs), backlogs[1].cost_us(jobs)))
    shallow_us, deep_us = _medians(costs)
    ratio = statistics.median(b / a for a, b in costs)
    return Depths(shallow, deep, shallow_us, deep_us, ratio)


def scaling(
    folder: Path,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    *,
    rounds: int,
    seconds: float,
    told: Callable[[str], None],
) -> Scaling:
    """Let one worker and several take from a queue in turn, each call waiting 20 ms."""
    with ExitStack() as at_end:
        backlogs = [
            started(
                at_end,
                folder / f"workers-{count}",
                store,
                drawn,
                workers=count,
                slow=True,
            )
            for count in SCALING_WORKERS
        ]
        rates: list[tuple[float, float]] = []
        for number in range(1, rounds + 1):
            for backlog, count in zip(backlogs, SCALING_WORKERS, strict=True):
                told(f"round {number} of {rounds}: {count} workers")
                backlog.fill(_enough(count, seconds))
            rates.append((backlogs[0].rate(seconds), backlogs[1].rate(seconds)))
    one, several = _medians(rates)
    return Scaling(one, several, statistics.median(b / a for a, b in rates))


def started(
    at_end: ExitStack,
    folder: Path,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    *,
    workers: int = 1,
    slow: bool = False,
) -> Backlog:
    """Start workers, an upkeep and a Redis, without an API; all end at the end."""
    home = at_end.enter_context(
        stacks.installation(
            folder,
            store,
            predictors=workers,
            batch_max=SCALING_BATCH if slow else None,
        )
    )
    card = store.card(store.resolve("champion"))
    backlog = Backlog(home, houses.submissions(card, drawn))
    for spec in home.stack.prediction_workers():
        home.programs.start(slowed(spec) if slow else spec)
    home.start_upkeep()
    stacks.await_workers(home, workers)
    return backlog


def slowed(spec: ChildSpec) -> ChildSpec:
    """Return a worker's program with the waiting model in place of the champion."""
    at = spec.command.index("worker.celery")
    command = (*spec.command[:at], "benchmarks.slow_worker", *spec.command[at + 1 :])
    return replace(spec, command=command, folder=ROOT)


def _enough(workers: int, seconds: float) -> int:
    """Return more jobs than the workers can take in one run, start and end included."""
    calls_per_s = 1 / BATCH_S
    return round(workers * SCALING_BATCH * calls_per_s * (seconds + 2 * _FLOWING_S))


def _medians(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    first, second = zip(*pairs, strict=True)
    return statistics.median(first), statistics.median(second)

"""The two kinds of lane as they look to an autoscaler: how fast, and how full."""

import bisect
import heapq
import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.random import Generator

#: A queue is played event by event before it is looked at, so that a sample is what is
#: there at one instant: for so many seconds, or so many of its shortest batches.
_PLAYED_S, _PLAYED_BATCHES = 0.1, 20
#: Seconds of a batch up to which its worker asks that no other be woken meanwhile.
_SHORT_S = 0.01


class Lane(Protocol):
    """What the simulation asks of a lane."""

    @property
    def rate(self) -> float:
        """Jobs a second of a worker that is never without work."""

    def sample(
        self, backlog: float, arrivals_per_s: float, workers: int, rng: Generator
    ) -> tuple[int, int]:
        """Return how many jobs wait and run at an instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """Workers that take what waits, `batch_max` at most, and price it in one call.

    Attributes:
        batch_max: Jobs a batch at most.
        call_s: Seconds of a batch, whatever is in it.
        job_s: Seconds more for each job in it.
    """

    batch_max: int
    call_s: float
    job_s: float

    def batch_s(self, jobs: int) -> float:
        """Return how long a batch takes."""
        return self.call_s + jobs * self.job_s

    @property
    def rate(self) -> float:
        """Jobs a second in full batches."""
        return self.batch_max / self.batch_s(self.batch_max)

    def sample(
        self, backlog: float, arrivals_per_s: float, workers: int, rng: Generator
    ) -> tuple[int, int]:
        """Play the last moments of the queue batch by batch, and look at it."""
        if not workers:
            return round(backlog), 0
        if backlog > arrivals_per_s * _PLAYED_S + workers * self.batch_max:
            return round(backlog), workers * self.batch_max
        # A line is of now: it may not be worked off before it is looked at.
        batches_s = 0 if backlog >= 1 else _PLAYED_BATCHES * self.batch_s(1)
        seconds = max(_PLAYED_S, batches_s)
        instants = _instants(arrivals_per_s, seconds, rng)
        return _Play(self, instants, seconds, workers).run(round(backlog))


class _Play:
    """Workers at a queue: batches end, and idle workers are woken one by one."""

    def __init__(
        self, lane: Batching, instants: list[float], seconds: float, workers: int
    ) -> None:
        self._lane = lane
        self._instants = instants
        self._seconds = seconds
        self._come = 0
        self._idle = workers
        #: When each batch ends, and how many jobs are in it.
        self._busy: list[tuple[float, int]] = []
        self._waiting = 0
        self._now = 0.0
        #: Until when a worker with short batches keeps the others asleep.
        self._awake_until = 0.0

    def run(self, waiting: int) -> tuple[int, int]:
        self._waiting = waiting
        while self._now < self._seconds:
            self._next()
        return self._waiting, sum(jobs for _, jobs in self._busy)

    def _next(self) -> None:
        ends = self._busy[0][0] if self._busy else math.inf
        wakes = self._wakes() if self._idle else math.inf
        until = min(ends, wakes, self._seconds)
        self._arrive(until)
        if until == self._seconds:
            return
        if until == ends:
            heapq.heappop(self._busy)
        else:
            self._idle -= 1
        self._claim()

    def _wakes(self) -> float:
        """Return when an idle worker is woken."""
        if self._waiting > self._lane.batch_max:
            return self._now
        free = max(self._now, self._awake_until)
        return free if self._waiting else max(free, self._instants[self._come])

    def _arrive(self, until: float) -> None:
        come = bisect.bisect_right(self._instants, until)
        self._waiting += come - self._come
        self._come, self._now = come, until

    def _claim(self) -> None:
        jobs = min(self._waiting, self._lane.batch_max)
        if not jobs:
            self._idle += 1
            self._awake_until = self._now
            return
        self._waiting -= jobs
        takes = self._lane.batch_s(jobs)
        self._awake_until = self._now + (takes if takes <= _SHORT_S else 0)
        heapq.heappush(self._busy, (self._now + takes, jobs))


def _instants(per_s: float, seconds: float, rng: Generator) -> list[float]:
    """Return when jobs come while the queue is played, and never after the last."""
    count = rng.poisson(per_s * seconds)
    return [*np.sort(rng.uniform(0, seconds, count)).tolist(), math.inf]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """Workers that make one delivery a thread, each as long as its receiver takes.

    Attributes:
        threads: Deliveries that a worker has under way at most.
        answer_s: Seconds that a receiver takes, on average.
        cpu_s: CPU seconds of a delivery.
    """

    threads: int
    answer_s: float
    cpu_s: float

    @property
    def rate(self) -> float:
        """Deliveries a second, bounded by the threads or by the core."""
        return min(self.threads / self.answer_s, 1 / self.cpu_s)

    def sample(
        self, backlog: float, arrivals_per_s: float, workers: int, rng: Generator
    ) -> tuple[int, int]:
        """Draw what is under way: all threads where jobs wait, else what has come."""
        threads = workers * self.threads
        if backlog >= 1:
            return round(backlog), threads
        under_way = int(rng.poisson(arrivals_per_s * (self.answer_s + self.cpu_s)))
        return max(0, under_way - threads), min(under_way, threads)

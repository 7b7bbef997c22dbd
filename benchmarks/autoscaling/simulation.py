"""A lane, its workers and their autoscaler, in steps of a tenth of a second."""

from dataclasses import dataclass

import numpy as np

from benchmarks.autoscaling.arrivals import STEP_S, Curve, Scenario
from benchmarks.autoscaling.keda import POLL_S, Bounds, Keda
from benchmarks.autoscaling.lanes import Lane
from benchmarks.autoscaling.triggers import Signal, Trigger

#: Seconds over which arrivals are measured, by samples taken each second.
_RATE_S = 10
#: Waiting jobs above which a submit is refused, as shipped.
QUEUE_BOUND = 100_000
#: Assumed, not measured: seconds from the decision to a worker that takes jobs, on a
#: node that has the image.
POD_START_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is simulated."""

    lane: Lane
    trigger: Trigger
    bounds: Bounds
    pod_start_s: float = POD_START_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What happened, step by step."""

    arrived: Curve
    waiting: Curve
    refused: Curve
    #: Workers that take jobs, and replicas that are asked for.
    ready: Curve
    replicas: Curve


def run(setup: Setup, scenario: Scenario, *, seed: int) -> Course:
    """Play a scenario; the same seed gives the same course."""
    return _Run(setup, scenario, seed).play()


class _Run:
    def __init__(self, setup: Setup, scenario: Scenario, seed: int) -> None:
        self._setup = setup
        self._rng = np.random.default_rng(seed)
        # Of their own: every trigger sees the same jobs come.
        self._arrived = scenario.arrivals(setup.lane.rate, np.random.default_rng(seed))
        self._keda = Keda(setup.bounds)
        self._replicas = scenario.workers
        self._ready = scenario.workers
        #: Instants at which further workers are ready, the next first.
        self._starting: list[float] = []
        self._backlog = 0.0
        steps = len(self._arrived)
        self._course = Course(
            arrived=self._arrived,
            waiting=np.zeros(steps),
            refused=np.zeros(steps),
            ready=np.zeros(steps),
            replicas=np.zeros(steps),
        )

    def play(self) -> Course:
        per_look = round(POLL_S / STEP_S)
        for first in range(0, len(self._arrived), per_look):
            if self._keda.looks(first * STEP_S, self._replicas):
                self._look(first)
            self._flow(first, min(first + per_look, len(self._arrived)))
        return self._course

    def _look(self, step: int) -> None:
        """Let the autoscaler look and decide."""
        now = step * STEP_S
        rate = self._arrivals_per_s(step, 1.0)
        waiting, running = self._setup.lane.sample(
            self._backlog, rate, self._ready, self._rng
        )
        signal = Signal(waiting, running, self._arrivals_per_s(step, _RATE_S))
        usage = self._setup.trigger(signal)
        self._scale(now, self._keda.decide(now, self._replicas, usage))

    def _arrivals_per_s(self, step: int, seconds: float) -> float:
        """Return the rate up to the last full second."""
        end = round(int(step * STEP_S) / STEP_S)
        begin = max(0, end - round(seconds / STEP_S))
        return float(self._arrived[begin:end].mean() / STEP_S) if end > begin else 0.0

    def _scale(self, now: float, wanted: int) -> None:
        more = wanted - self._replicas
        self._starting += [now + self._setup.pod_start_s] * max(0, more)
        for _ in range(max(0, -more)):
            # A replica set ends first what is not ready yet. Who takes jobs finishes
            # its batch and takes no more: nothing is lost.
            if self._starting:
                self._starting.pop()
            else:
                self._ready -= 1
        self._replicas = wanted

    def _flow(self, first: int, end: int) -> None:
        """Let jobs come and be taken, until the next look."""
        backlog, waiting = self._backlog, []
        capacity = self._capacity(first, end)
        for come, room in zip(self._arrived[first:end].tolist(), capacity, strict=True):
            backlog = max(0.0, backlog + come - room)
            waiting.append(backlog)
            backlog = min(backlog, QUEUE_BOUND)
        self._backlog = backlog
        course, seen = self._course, np.array(waiting)
        course.waiting[first:end] = np.minimum(seen, QUEUE_BOUND)
        course.refused[first:end] = np.maximum(seen - QUEUE_BOUND, 0)
        course.replicas[first:end] = self._replicas

    def _capacity(self, first: int, end: int) -> list[float]:
        """Return how many jobs the workers can take in each step."""
        ready = []
        for step in range(first, end):
            while self._starting and self._starting[0] <= step * STEP_S:
                self._starting.pop(0)
                self._ready += 1
            ready.append(self._ready)
        self._course.ready[first:end] = ready
        return [workers * self._setup.lane.rate * STEP_S for workers in ready]

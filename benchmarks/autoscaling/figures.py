"""What a course comes to: waits, changes of the number of workers, their hours."""

from dataclasses import dataclass

import numpy as np

from benchmarks.autoscaling.arrivals import STEP_S, Curve
from benchmarks.autoscaling.simulation import Course

_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One course in figures; waits are seconds until a worker takes the job."""

    wait_p50_s: float
    wait_p95_s: float
    wait_p99_s: float
    wait_max_s: float
    #: Percent of the jobs that were taken within the goal.
    within_goal: float
    #: Percent of the jobs that found the queue full.
    refused: float
    #: How often the number of replicas changed, an hour.
    changes_per_hour: float
    worker_hours: float
    #: Percent of the workers' time that the jobs took.
    busy: float
    most_workers: int


def summarised(course: Course, rate: float, goal_s: float) -> Figures:
    """Return the figures of a course."""
    taken = course.arrived - course.refused
    waits = _waits_s(course, taken)
    p50, p95, p99 = _quantiles(waits, taken, (0.5, 0.95, 0.99))
    hours = len(taken) * STEP_S / _HOUR
    changes = int(np.count_nonzero(np.diff(course.replicas)))
    worker_hours = float(course.replicas.sum()) * STEP_S / _HOUR
    return Figures(
        wait_p50_s=round(p50, 1),
        wait_p95_s=round(p95, 1),
        wait_p99_s=round(p99, 1),
        wait_max_s=round(float(waits.max()), 1),
        within_goal=round(100 * float(taken[waits <= goal_s].sum() / taken.sum()), 2),
        refused=round(100 * float(course.refused.sum() / course.arrived.sum()), 2),
        changes_per_hour=round(changes / hours, 1),
        worker_hours=round(worker_hours, 1),
        busy=round(100 * float(taken.sum()) / rate / _HOUR / worker_hours, 1),
        most_workers=int(course.replicas.max()),
    )


def _waits_s(course: Course, taken: Curve) -> Curve:
    """Return how long the last job of each step waits: first come, first served.

    What is still waiting at the end is given as long as it has waited by then.
    """
    come = np.cumsum(taken)
    gone = come - course.waiting
    # A job is taken in the step in which as many are gone as had come with it. Half a
    # job is none: sums of fractions differ in the last digits.
    at = np.searchsorted(gone, come - 0.5)
    return (np.minimum(at, len(taken)) - np.arange(len(taken))).clip(0) * STEP_S


def _quantiles(waits: Curve, weights: Curve, shares: tuple[float, ...]) -> list[float]:
    order = np.argsort(waits, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return [float(waits[order][np.searchsorted(reached, share)]) for share in shares]

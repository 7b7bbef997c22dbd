"""Jobs come, wait and are taken; workers come and go."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.autoscaling.arrivals import STEP_S, Curve, Scenario
from benchmarks.autoscaling.figures import summarised
from benchmarks.autoscaling.lanes import Batching
from benchmarks.autoscaling.shipped import Autoscaling, ScaleDown
from benchmarks.autoscaling.simulation import QUEUE_BOUND, Course, Setup, run

#: A hundred jobs a second.
LANE = Batching(batch_max=10, call_s=0.05, job_s=0.005)
SETTINGS = Autoscaling(
    jobs_per_worker=100,
    jobs_at_once=3,
    jobs_per_second=100,
    scale_down=ScaleDown(window_seconds=30, pods=1, period_seconds=15),
)


def _played(load: float, *, lane: Batching = LANE, workers: int = 1) -> Course:
    def even(seconds: Curve) -> Curve:
        return np.full_like(seconds, load)

    scenario = Scenario("an even load", 0.2, even, 0.0, workers)
    setup = Setup(lane=lane, trigger=SETTINGS.trigger(), bounds=SETTINGS.bounds())
    return run(setup, scenario, seed=1)


def test_the_same_seed_gives_the_same_course() -> None:
    """What the page says can be reckoned again."""
    first, second = _played(2.5), _played(2.5)

    assert np.array_equal(first.waiting, second.waiting)
    assert np.array_equal(first.replicas, second.replicas)


def test_a_new_worker_takes_jobs_only_once_it_has_started() -> None:
    """Its pod is scheduled, its model loaded."""
    course = _played(3.0)

    asked = int(np.argmax(course.replicas > 1))
    ready = int(np.argmax(course.ready > 1))

    assert (ready - asked) * STEP_S == pytest.approx(15)


def test_every_job_is_taken_refused_or_waits() -> None:
    """Nothing is lost, least of all by workers that come and go."""
    course = _played(0.4, workers=6)

    taken = course.arrived.sum() - course.refused.sum() - course.waiting[-1]

    assert taken == pytest.approx(course.arrived.sum(), rel=0.01)
    assert course.replicas[-1] < 6


def test_a_full_queue_refuses() -> None:
    """As the service does, with 503."""
    fast = replace(LANE, call_s=0.00005, job_s=0.000005)
    course = _played(15.0, lane=fast)

    assert course.waiting.max() == QUEUE_BOUND
    assert course.refused.sum() > 0


def test_waits_are_first_come_first_served() -> None:
    """Ten jobs come at once, of which one is taken a step: the last waits ten steps."""
    none = np.zeros(20)
    arrived = none.copy()
    arrived[0] = 10
    course = Course(
        arrived=arrived,
        waiting=np.maximum(9.0 - np.arange(20), 0),
        refused=none,
        ready=none + 1,
        replicas=none + 1,
    )

    figures = summarised(course, rate=10, goal_s=0.5)

    assert figures.wait_max_s == pytest.approx(0.9)
    assert figures.within_goal == 0

"""Lanes look to an autoscaler as they are."""

import numpy as np
import pytest

from benchmarks.autoscaling.lanes import Batching, Delivering

BATCHING = Batching(batch_max=128, call_s=0.001, job_s=0.00014)


def _seen(load: float, *, workers: int = 4, backlog: float = 0) -> list[float]:
    """Return waiting and running jobs a worker, the mean of many looks."""
    rng = np.random.default_rng(1)
    per_s = load * workers * BATCHING.rate
    looks = [BATCHING.sample(backlog, per_s, workers, rng) for _ in range(100)]
    return [float(mean) / workers for mean in np.mean(looks, axis=0)]


def test_at_eight_tenths_of_the_capacity_a_quarter_of_the_batches_is_in_hand() -> None:
    """Which is why c is a quarter of a batch, and why a whole one oscillates."""
    _, running = _seen(0.8)

    assert running == pytest.approx(BATCHING.batch_max / 4, rel=0.2)


def test_more_is_in_hand_the_more_comes() -> None:
    """So running jobs tell the load, if not in proportion."""
    running = [_seen(load)[1] for load in (0.2, 0.5, 0.8, 0.95)]

    assert running == sorted(running)
    assert running[0] < BATCHING.batch_max / 20


def test_behind_a_line_every_worker_has_a_full_batch() -> None:
    """Nobody waits beside an idle worker."""
    waiting, running = _seen(1.0, backlog=10_000)

    assert (waiting, running) == (2500, 128)


def test_without_workers_everything_waits() -> None:
    """A lane that sleeps still tells what has come."""
    assert BATCHING.sample(7, 100, 0, np.random.default_rng(1)) == (7, 0)


@pytest.mark.parametrize(("answer_s", "rate"), [(0.01, 400), (1.28, 100)])
def test_deliveries_are_bound_by_the_core_or_by_slow_receivers(
    answer_s: float, rate: float
) -> None:
    """A thread waits for its receiver; a core does not."""
    lane = Delivering(threads=128, answer_s=answer_s, cpu_s=0.0025)

    assert lane.rate == pytest.approx(rate)


def test_deliveries_under_way_are_no_more_than_threads() -> None:
    """What has come beyond them waits."""
    lane = Delivering(threads=128, answer_s=1.0, cpu_s=0.0025)

    waiting, running = lane.sample(0, 1000, 2, np.random.default_rng(1))

    assert running == 256
    assert waiting > 0

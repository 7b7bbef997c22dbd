"""What a challenger's prices take of a worker, beside what its jobs take."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from prometheus_client import CollectorRegistry

from benchmarks import backlog
from benchmarks.stacks import Installation
from model_store.store import ModelStore
from worker import predictors
from worker.connection import connect
from worker.leases import Completion, Lease
from worker.metrics import Metrics
from worker.predictors import Pricing
from worker.shadow import AT_ONCE, Shadow
from worker.shadow_totals import ShadowTotals

#: Jobs that wait: few more than are priced.
_MORE = 1.2


@dataclass(frozen=True, slots=True)
class Trial:
    """CPU microseconds of one worker, and how often a challenger prices too."""

    #: For one job.
    job_us: float
    #: For one house of the challenger's, with what is kept of it.
    house_us: float
    every: int
    jobs: int
    houses: int

    @property
    def share(self) -> float:
        """The challenger's part as a share of that of the jobs."""
        return self.house_us / self.every / self.job_us


@dataclass(frozen=True, slots=True)
class _Champion:
    """The champion as a challenger of itself: its prices take as long as another's."""

    predictor: Pricing

    @property
    def challenger(self) -> tuple[str, Pricing]:
        """Return a version of a name of its own, and its predictor."""
        return "challenger", self.predictor


def measure(
    folder: Path,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    *,
    jobs: int,
    houses: int,
    told: Callable[[str], None],
) -> Trial:
    """Have a worker price jobs, then a challenger some of the houses, as a worker does.

    Args:
        folder: For an installation.
        store: Whose champion is measured.
        drawn: Houses.
        jobs: That the worker prices.
        houses: That the challenger prices.
        told: Gets a line about each step.
    """
    with ExitStack() as at_end:
        waiting = backlog.started(at_end, folder / "trial", store, drawn)
        workers = [spec.name for spec in waiting.home.stack.prediction_workers()]
        told(f"{jobs:,} jobs")
        waiting.fill(round(jobs * _MORE))
        job_us = waiting.cost_us(jobs, *workers)
        told(f"{houses:,} houses of a challenger")
        house_us = _challenged_us(waiting.home, store, drawn[:houses])
        every = waiting.home.settings.shadow_every
    return Trial(job_us, house_us, every, jobs, houses)


def _challenged_us(
    home: Installation, store: ModelStore, drawn: list[dict[str, Any]]
) -> float:
    """Return the CPU microseconds that a challenger's price takes of a worker."""
    predictor = predictors.load(store, store.resolve("champion"))
    priced = iter(zip(drawn, predictor.quote(drawn), strict=True))
    counted = CollectorRegistry()
    totals = ShadowTotals(connect(home.settings.redis_url, role="worker"))
    shadow = Shadow(_Champion(predictor), totals, Metrics(counted), every=1)
    shadow.start()
    done = 0
    while batch := [_completed(*one) for one in islice(priced, AT_ONCE)]:
        shadow.note(batch)
        done += len(batch)
        home.programs.wait(
            "the challenger to price",
            lambda: (_sample(counted, "shadows", outcome="priced") or 0) >= done,  # noqa: B023 -- asked at once
        )
    shadow.stop()
    return 1e6 * (_sample(counted, "shadow_cpu_seconds") or 0) / done


def _completed(house: dict[str, Any], output: dict[str, Any]) -> Completion:
    lease = Lease("benchmark", 1, "champion", orjson.dumps(house), 0)
    return Completion(lease=lease, prediction=output)


def _sample(counted: CollectorRegistry, name: str, **labels: str) -> float | None:
    return counted.get_sample_value(f"kerbside_{name}_total", labels)

"""One worker at a full queue: what a job costs in batches of each size."""

import time
from pathlib import Path
from typing import Any

from benchmarks import houses, stacks
from benchmarks.autoscaling.spent import least, spent_by
from benchmarks.backlog import Backlog
from benchmarks.stacks import Installation
from model_store.store import ModelStore

#: Houses a batch at most, and jobs that are priced so.
BATCHES = {1: 1000, 4: 3000, 16: 6000, 64: 10_000, 128: 12_000}


def measured(folder: Path, store: ModelStore) -> dict[str, Any]:
    """Return what a job costs in batches of each size."""
    drawn = houses.draw()
    return {
        "batches": [
            _in_batches(folder / f"batch-{size}", store, drawn, size)
            for size in BATCHES
        ]
    }


def _in_batches(
    folder: Path, store: ModelStore, drawn: list[dict[str, Any]], size: int
) -> dict[str, float]:
    """Let one worker price a full queue in batches of at most `size` houses."""
    with stacks.installation(folder, store, predictors=1, batch_max=size) as home:
        card = store.card(store.resolve("champion"))
        backlog = Backlog(home, houses.submissions(card, drawn))
        start = _started(home)
        jobs = BATCHES[size] + size
        cost = least(lambda: _priced(home, backlog, jobs))
    print(f"batches of {size}: {cost['worker_us']:.0f} us a job", flush=True)
    return {"size": size, **cost, **start}


def _priced(home: Installation, backlog: Backlog, jobs: int) -> dict[str, float]:
    """Fill the queue and let most of it be priced; return what a job cost."""
    depth = backlog.waiting() + jobs
    with spent_by(home) as filled:
        backlog.fill(depth)
    with spent_by(home) as priced:
        backlog.flow()
        home.programs.wait("jobs", lambda: depth - backlog.waiting() >= 0.9 * jobs)
        backlog.stop()
    done = depth - backlog.waiting()
    return {
        "worker_us": 1e6 * priced["predictions-1"] / done,
        "redis_us": 1e6 * priced["redis"] / done,
        "redis_us_of_submit": 1e6 * filled["redis"] / jobs,
    }


def _started(home: Installation) -> dict[str, float]:
    """Start a worker and what tends it; return what the start took."""
    home.start_upkeep()
    spec = next(home.stack.prediction_workers())
    began = time.monotonic()
    home.programs.start(spec)
    stacks.await_workers(home, 1)
    return {
        "start_s": time.monotonic() - began,
        "start_cpu_s": home.programs.cpu_seconds()[spec.name],
    }

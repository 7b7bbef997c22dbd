"""What idle workers cost: Redis's CPU and scripts a job, from one worker to fifty."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks import houses, stacks
from benchmarks.slow_model import SlowModel
from benchmarks.stacks import Installation
from model_store.store import ModelStore
from worker.celery import create_celery
from worker.connection import connect
from worker.consumer import BatchConsumer
from worker.keys import PREDICTIONS

#: Workers that are compared.
WORKERS = (1, 2, 10, 50)
#: Seconds between two submits: the workers have long gone idle again.
EVERY_S = 0.005
#: Seconds for which nothing is submitted.
_IDLE_S = 5.0


@dataclass(frozen=True, slots=True)
class Idleness:
    """What a number of idle workers cost."""

    workers: int
    scripts_per_job: float
    redis_us_per_job: float
    #: Share of a core that Redis takes while nothing is submitted, in percent.
    redis_idle_percent: float


def measure(
    folder: Path,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    *,
    jobs: int,
    told: Callable[[str], None],
) -> list[Idleness]:
    """Submit one job after the other to more and more idle workers."""
    found = []
    for count in WORKERS:
        told(f"{count} idle workers")
        place = folder / f"bell-{count}"
        with stacks.installation(place, store) as home, workers(home, count):
            home.start_upkeep()
            found.append(_measure(home, store, drawn, count, jobs))
    return found


def _measure(
    home: Installation,
    store: ModelStore,
    drawn: list[dict[str, Any]],
    count: int,
    jobs: int,
) -> Idleness:
    client: Any = connect(home.settings.redis_url, role="worker")
    queue = home.queue()
    queue_of = houses.submissions(store.card(store.resolve("champion")), drawn)
    cpu, scripts = _redis_s(home), _scripts(client)
    for _ in range(jobs):
        queue.submit(next(queue_of))
        time.sleep(EVERY_S)
    home.programs.wait("an empty queue", lambda: not client.llen(PREDICTIONS))
    cpu, scripts = _redis_s(home) - cpu, _scripts(client) - scripts
    idle = _redis_s(home)
    time.sleep(_IDLE_S)
    idle = _redis_s(home) - idle
    return Idleness(count, scripts / jobs, 1e6 * cpu / jobs, 100 * idle / _IDLE_S)


@contextmanager
def workers(home: Installation, count: int, *, batch_s: float = 0.0) -> Iterator[None]:
    """Run batch consumers as threads of this process: fifty programs take too long.

    Args:
        home: Whose jobs they take.
        count: How many there are.
        batch_s: Seconds that their model waits at each batch.
    """
    steps = [_consumer(home, number, batch_s) for number in range(count)]
    with ExitStack() as at_end:
        for step in steps:
            step.start()
            at_end.callback(step.stop)
        # Before the first waits for its end, all know that it has come.
        for step in steps:
            at_end.callback(step.drain)
        stacks.await_workers(home, count)
        yield


def _consumer(home: Installation, number: int, batch_s: float) -> BatchConsumer:
    app = create_celery(home.settings, load_predictor=lambda *_: SlowModel(batch_s))
    app.amqp.queues.select([PREDICTIONS])
    worker = SimpleNamespace(app=app, hostname=f"thread-{number}", consumer=None)
    return BatchConsumer(worker)


def _redis_s(home: Installation) -> float:
    return home.programs.cpu_seconds()["redis"]


def _scripts(client: Any) -> int:
    """Return how many scripts the server has run."""
    return int(client.info("commandstats")["cmdstat_evalsha"]["calls"])

"""A worker's stand-in, whose batch thread runs."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from model_store.store import ModelStore
from tests.worker.conftest import Started
from tests.worker.consumer.models import Models, Run, StateOf
from worker import consumer, queue
from worker.celery import create_celery
from worker.keys import PREDICTIONS
from worker.metrics import Metrics
from worker.settings import WorkerSettings

#: Celery's own, of a worker whose events somebody wants.
DISPATCHER = SimpleNamespace(enabled=True, groups=set())


@pytest.fixture
def models(store: ModelStore) -> Iterator[Models]:
    """Return a loader that loads the champion alone."""
    models = Models(store.resolve("champion"))
    yield models
    models.gate.set()


@pytest.fixture
def run(
    settings: WorkerSettings,
    models: Models,
    metrics: Metrics,
    started: Started,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Return a function that runs the step as a Celery worker would."""
    monkeypatch.setattr(consumer, "BELL_S", 0.05)

    def run(**changes: Any) -> consumer.BatchConsumer:
        changed = settings.model_copy(update={"drain_s": 0.1} | changes)
        app = create_celery(changed, load_predictor=models)
        app.metrics = metrics
        app.amqp.queues.select([PREDICTIONS])
        celery = SimpleNamespace(event_dispatcher=DISPATCHER)
        worker = SimpleNamespace(app=app, hostname="w@test", consumer=celery)
        return started(consumer.BatchConsumer(worker))

    return run


@pytest.fixture
def state(front_desk: queue.Queue) -> StateOf:
    """Return a function that reads a job anew."""
    return lambda job: front_desk.find("acme", job.id)

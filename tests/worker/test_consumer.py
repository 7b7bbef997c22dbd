"""The batch thread, inside a worker's stand-in, on a real server."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from celery import signals

from model_store.store import ModelStore
from tests.worker.conftest import submission, wait_until
from worker import consumer, inspection, pricing, queue
from worker.celery import create_celery
from worker.jobs import Job, State
from worker.ledger import PREDICTIONS
from worker.settings import WorkerSettings

Run = Callable[..., consumer.BatchConsumer]


class Flat:
    """Prices every house the same."""

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house."""
        return [{"price": 1} for _ in houses]


def load(store: ModelStore, version: str) -> Flat:
    """Return the same model for any version."""
    del store, version
    return Flat()


@pytest.fixture
def run(settings: WorkerSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return a function that runs the step as a Celery worker would."""
    monkeypatch.setattr(consumer, "_BELL_S", 0.05)
    monkeypatch.setattr(consumer, "_PAUSE_S", 0.02)
    monkeypatch.setattr(inspection, "show_lane", lambda _: None)
    monkeypatch.setattr(signals.worker_shutting_down, "receivers", [])
    running: list[consumer.BatchConsumer] = []

    def run(
        load_predictor: Callable[..., Any] = load, **changes: Any
    ) -> consumer.BatchConsumer:
        app = create_celery(
            settings.model_copy(update=changes), load_predictor=load_predictor
        )
        app.amqp.queues.select([PREDICTIONS])
        worker = SimpleNamespace(app=app, hostname="w@test", consumer=None)
        step = consumer.BatchConsumer(worker)
        step.start()
        running.append(step)
        return step

    yield run
    for step in running:
        step.stop()


def test_a_bug_is_logged_by_its_place_without_its_words(
    run: Run,
    front_desk: queue.Queue,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The thread outlives it, gives the job back and prices it; no house is logged."""
    sound, calls, house = pricing.price, [], "7 Elm Street"

    def fails_once(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise ValueError(house)
        return sound(*args)

    monkeypatch.setattr(pricing, "price", fails_once)
    job = front_desk.submit(submission()).job
    run()
    wait_until(lambda: _now(front_desk, job).state is State.SUCCEEDED)
    assert _now(front_desk, job).crashes == 0
    assert "batch_failed" in caplog.text
    assert "in fails_once" in caplog.text
    assert house not in caplog.text


def _now(desk: queue.Queue, job: Job) -> Job:
    return desk.find("acme", job.id)

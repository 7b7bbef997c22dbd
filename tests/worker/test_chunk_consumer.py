"""The thread of lane `batches`, inside a worker's stand-in, on a real server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis as redis_py
from celery import signals

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.worker.batch_desk import Desk
from tests.worker.test_chunks import Flat
from worker import chunk_consumer, inspection, lane_consumer
from worker.celery import create_celery
from worker.keys import BATCHES, lane_key
from worker.metrics import Metrics
from worker.settings import WorkerSettings

Run = Callable[..., chunk_consumer.ChunkConsumer]


@pytest.fixture
def desk(redis: redis_py.Redis, store: ModelStore, tmp_path: Path) -> Desk:
    """Return a desk that takes batches."""
    return Desk(redis, store, tmp_path / "batches")


@pytest.fixture
def run(
    settings: WorkerSettings,
    desk: Desk,
    metrics: Metrics,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Run]:
    """Return a function that runs the step as a Celery worker would."""
    monkeypatch.setattr(chunk_consumer, "BELL_S", 0.05)
    monkeypatch.setattr(chunk_consumer, "_STORE_PAUSE_S", 0.02)
    monkeypatch.setattr(lane_consumer, "_PAUSE_S", 0.02)
    monkeypatch.setattr(inspection, "show_lane", lambda _: None)
    monkeypatch.setattr(signals.worker_shutting_down, "receivers", [])
    running: list[chunk_consumer.ChunkConsumer] = []

    def run(**changes: Any) -> chunk_consumer.ChunkConsumer:
        found = {"drain_s": 0.1, "batches_url": desk.settings.batches_url} | changes
        changed = settings.model_copy(update=found)
        app = create_celery(changed, load_predictor=lambda *_: Flat())
        app.metrics = metrics
        app.amqp.queues.select([BATCHES])
        celery = SimpleNamespace(
            event_dispatcher=SimpleNamespace(enabled=True, groups=set())
        )
        worker = SimpleNamespace(app=app, hostname="w@test", consumer=celery)
        step = chunk_consumer.ChunkConsumer(worker)
        step.start()
        running.append(step)
        return step

    yield run
    for step in running:
        step.stop()


def test_chunks_are_priced_one_after_the_other(
    run: Run, desk: Desk, metrics: Metrics
) -> None:
    """Until the batch has ended, by a worker within its rights, which counts them."""
    batch = desk.submit([{"input": desk.house()}] * 5)

    step = run()

    wait_until(lambda: desk.find(batch).status == "completed")
    step.stop()
    assert desk.find(batch).completed == 5
    rows = {"outcome": "priced"}
    counted = metrics.registry.get_sample_value("kerbside_batch_rows_total", rows)
    assert counted == 5


def test_a_chunk_whose_files_are_out_of_reach_is_given_back(
    run: Run, desk: Desk, tmp_path: Path, redis: redis_py.Redis, metrics: Metrics
) -> None:
    """It is no crash, is counted, and is priced when they are back."""
    batch = desk.submit([{"input": desk.house()}])
    folder = tmp_path / "batches" / batch
    away = folder.rename(tmp_path / "away")
    folder.symlink_to(folder)

    run()
    job: Any = f"kerbside:job:{batch}-1"
    wait_until(lambda: redis.hget(job, "state") == b"retrying")
    folder.unlink()
    away.rename(folder)

    wait_until(lambda: desk.find(batch).status == "completed")
    assert redis.hget(job, "crashes") is None
    told = metrics.registry.get_sample_value("kerbside_batch_chunks_out_of_reach_total")
    assert told


def test_a_worker_without_a_place_for_files_takes_nothing(
    run: Run, desk: Desk, redis: redis_py.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """It would fail every chunk of those who have one."""
    desk.submit([{"input": desk.house()}])

    run(batches_url=None)

    assert "KERBSIDE_BATCHES_URL" in caplog.text
    assert redis.zcard(lane_key("running", BATCHES)) == 0
    assert redis.llen(BATCHES) == 1

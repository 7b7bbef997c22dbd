"""The batch thread, inside a worker's stand-in, on a real server."""

import base64
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import orjson
import pytest
import redis as redis_py
from celery import signals

from model_store.errors import StoreError
from model_store.store import ModelStore
from tests.patience import wait_until
from tests.worker.conftest import claimed, tend
from worker import (
    consumer,
    events,
    health,
    inspection,
    keys,
    lane_consumer,
    ledger,
    parking,
    pauses,
    predictors,
    pricing,
    queue,
    store_thread,
)
from worker.celery import create_celery
from worker.jobs import Job, State
from worker.keys import PREDICTIONS
from worker.leases import Lease
from worker.metrics import Metrics
from worker.settings import WorkerSettings

Run = Callable[..., consumer.BatchConsumer]
Submit = Callable[..., Job]
StateOf = Callable[[Job], Job]


#: Celery's own, of a worker whose events somebody wants.
DISPATCHER = SimpleNamespace(enabled=True, groups=set())


class Flat(predictors.Pricing):
    """Prices every house the same."""

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house."""
        return [{"price": 1, "model": {}} for _ in houses]


@dataclass
class Models:
    """Loads any version, but another than the champion as a test says."""

    champion: str
    #: Set while the others may be loaded.
    gate: threading.Event = field(default_factory=threading.Event)
    #: What loading one of them raises.
    error: Exception | None = None
    loads: list[str] = field(default_factory=list)

    def __call__(self, store: ModelStore, version: str) -> Flat:
        """Load a version."""
        del store
        self.loads.append(version)
        if version != self.champion:
            self.gate.wait(10)
            if self.error:
                raise self.error
        return Flat()


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
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Run]:
    """Return a function that runs the step as a Celery worker would."""
    monkeypatch.setattr(consumer, "BELL_S", 0.05)
    monkeypatch.setattr(lane_consumer, "_PAUSE_S", 0.02)
    monkeypatch.setattr(inspection, "show_lane", lambda _: None)
    monkeypatch.setattr(signals.worker_shutting_down, "receivers", [])
    running: list[consumer.BatchConsumer] = []

    def run(**changes: Any) -> consumer.BatchConsumer:
        changed = settings.model_copy(update={"drain_s": 0.1} | changes)
        app = create_celery(changed, load_predictor=models)
        app.metrics = metrics
        app.amqp.queues.select([PREDICTIONS])
        celery = SimpleNamespace(event_dispatcher=DISPATCHER)
        worker = SimpleNamespace(app=app, hostname="w@test", consumer=celery)
        step = consumer.BatchConsumer(worker)
        step.start()
        running.append(step)
        return step

    yield run
    for step in running:
        step.stop()


@pytest.fixture
def state(front_desk: queue.Queue) -> StateOf:
    """Return a function that reads a job anew."""
    return lambda job: front_desk.find("acme", job.id)


def test_celery_is_told_of_each_job_by_its_id_alone(
    run: Run, models: Models, submit: Submit, redis: redis_py.Redis
) -> None:
    """Flower shows whoever may watch the queue no house and no price."""
    models.gate.set()
    with redis.pubsub(ignore_subscribe_messages=True) as listener:  # type: ignore[no-untyped-call]
        listener.subscribe(events.channel(0))
        listener.get_message(timeout=1)
        job = submit()
        run()
        told = listener.get_message(timeout=10)
    received, ended = orjson.loads(base64.b64decode(orjson.loads(told["data"])["body"]))

    assert (received["uuid"], ended["uuid"]) == (job.id, job.id)
    assert (received["name"], received["args"], received["kwargs"]) == (
        "price",
        "()",
        "{}",
    )
    assert ended.keys() == {
        *("uuid", "hostname", "pid", "timestamp", "runtime", "started"),
        *("type", "result"),
    }
    assert ended["result"] == "null"


def test_a_bug_is_logged_by_its_place_without_its_words(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The thread outlives it, gives the job back and prices it; no house is logged."""
    models.gate.set()
    sound, calls, house = pricing.price, [], "7 Elm Street"

    def fails_once(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise ValueError(house)
        return sound(*args)

    monkeypatch.setattr(pricing, "price", fails_once)
    job = submit()
    run()
    wait_until(lambda: state(job).state is State.SUCCEEDED)
    assert state(job).crashes == 0
    assert "turn_failed" in caplog.text
    assert "in fails_once" in caplog.text
    assert house not in caplog.text


def test_what_was_priced_is_told_to_prometheus(
    run: Run, models: Models, submit: Submit, state: StateOf, metrics: Metrics
) -> None:
    """Once for each job, with its times."""
    models.gate.set()
    jobs = [submit() for _ in range(3)]
    run()
    wait_until(lambda: all(state(job).state is State.SUCCEEDED for job in jobs))
    told = metrics.registry.get_sample_value
    outcome = {"version": jobs[0].version, "state": "succeeded"}
    wait_until(lambda: told("kerbside_predictions_total", outcome) == 3)
    for name in ("wait", "run", "total"):
        labels = {"lane": PREDICTIONS}
        assert told(f"kerbside_job_{name}_seconds_count", labels) == 3
    assert told("kerbside_champion_loaded") == 1


def test_an_outage_and_a_bug_are_told_to_prometheus(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    metrics: Metrics,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And what was given back for them."""
    models.gate.set()
    sound, faults = pricing.price, [redis_py.ConnectionError(), ValueError()]

    def fails_twice(*args: Any) -> Any:
        if faults:
            raise faults.pop()
        return sound(*args)

    monkeypatch.setattr(pricing, "price", fails_twice)
    job = submit()
    run()
    wait_until(lambda: state(job).state is State.SUCCEEDED)
    told = metrics.registry.get_sample_value
    labels = {"lane": PREDICTIONS}
    assert told("kerbside_redis_errors_total", labels) == 1
    assert told("kerbside_turn_failures_total", labels) == 1
    assert told("kerbside_jobs_given_back_total", labels) == 2


def test_jobs_of_a_version_that_hangs_are_given_back_and_the_worker_ends(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody can end a hung thread; the jobs are not held up by it, nor counted."""
    ended: list[int] = []

    def end(status: int) -> None:
        ended.append(status)
        models.gate.wait(10)

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(store_thread, "_HANGS_S", 0.2)
    job = submit()
    run()
    wait_until(lambda: bool(ended))
    assert ended == [health.EXIT_STALLED]
    assert state(job).state is State.RETRYING
    assert state(job).crashes == 0


def test_a_worker_whose_hand_is_full_of_parked_jobs_leaves_the_others(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    redis: redis_py.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another worker may have their version."""
    monkeypatch.setattr(consumer, "_PARKED_MAX", 3)
    jobs = [submit() for _ in range(5)]
    run(batch_max=2)
    running = f"kerbside:running:{PREDICTIONS}"
    wait_until(lambda: redis.zcard(running) == 3)
    time.sleep(0.2)
    assert redis.llen(PREDICTIONS) == 2
    models.gate.set()
    wait_until(lambda: {state(job).state for job in jobs} == {State.SUCCEEDED})


def test_a_crashed_job_is_held_with_nothing_else(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    book: ledger.Ledger,
    redis: redis_py.Redis,
) -> None:
    """It waits for what is parked and, once parked, lets nothing else be claimed."""
    running = f"kerbside:running:{PREDICTIONS}"
    crashed = submit(version="late")
    assert claimed(book) == [crashed.id]
    redis.zadd(running, {crashed.id: 1})
    tend(book, redis)
    champion = submit(version=models.champion)

    run()
    wait_until(lambda: state(crashed).state is State.RUNNING)
    time.sleep(0.2)
    assert state(champion).state is State.QUEUED
    models.gate.set()
    wait_until(lambda: state(champion).state is State.SUCCEEDED)
    assert state(crashed).state is State.SUCCEEDED


def test_a_worker_with_parked_jobs_takes_no_crashed_one(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    book: ledger.Ledger,
    redis: redis_py.Redis,
) -> None:
    """Either might end the process, and the other would be counted a crash for it."""
    running = f"kerbside:running:{PREDICTIONS}"
    parked = submit(version="late")
    run()
    wait_until(lambda: state(parked).state is State.RUNNING)
    pauses.begin(redis, PREDICTIONS)
    crashed = submit(version=models.champion)
    redis.hset(keys.job_key(crashed.id), "crashes", 1)
    pauses.end(redis, PREDICTIONS)
    time.sleep(0.2)
    assert redis.zrange(running, 0, -1) == [parked.id.encode()]
    models.gate.set()
    wait_until(lambda: state(crashed).state is State.SUCCEEDED)
    assert state(parked).state is State.SUCCEEDED


def test_leases_are_renewed_between_the_batches_of_a_version(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Many jobs may wait for it, and a later batch outlasts the earlier ones."""
    renewed: list[int] = []
    sound = ledger.Ledger.renew

    def renew(book: ledger.Ledger, lane: str, leases: Sequence[Lease]) -> int:
        if models.gate.is_set():
            renewed.append(len(leases))
        return sound(book, lane, leases)

    monkeypatch.setattr(ledger.Ledger, "renew", renew)
    jobs = [submit() for _ in range(3)]
    # So short a lease is due at each look.
    step = run(batch_max=1, lease_s=1e-9)
    wait_until(lambda: step.info()["batch_consumer"]["in_hand"] == 3)
    models.gate.set()
    wait_until(lambda: {state(job).state for job in jobs} == {State.SUCCEEDED})
    assert renewed[-3:] == [3, 2, 1]


def test_parked_leases_are_renewed_while_there_is_no_champion(
    run: Run, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are still in this worker's hand."""
    step = run(lease_s=1e-9)
    job = submit()
    wait_until(lambda: step.info()["batch_consumer"]["in_hand"] == 1)
    monkeypatch.setattr(predictors.Predictors, "ready", False)
    renewed: list[Sequence[Lease]] = []
    monkeypatch.setattr(
        ledger.Ledger, "renew", lambda _, __, leases: renewed.append(leases)
    )
    # The first may still be of a turn that found a champion.
    wait_until(lambda: len(renewed) >= 2)
    assert [lease.id for lease in renewed[-1]] == [job.id]


def test_a_store_that_cannot_be_read_fails_no_job_and_spins_no_worker(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The jobs go back for others; who takes them again waits as patiently."""
    monkeypatch.setattr(parking, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(parking, "_RETRY_S", 0.05)
    models.error = StoreError("away")
    models.gate.set()
    job = submit()
    began = time.monotonic()
    run()
    wait_until(lambda: state(job).attempts == 4)
    assert time.monotonic() - began >= 3 * 0.2
    assert not state(job).state.is_terminal
    models.error = None
    wait_until(lambda: state(job).state is State.SUCCEEDED)
    assert state(job).crashes == 0


@pytest.mark.parametrize("gone", [False, True])
def test_a_fault_that_does_not_pass_is_told_and_is_no_progress(
    run: Run,
    redis: redis_py.Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    gone: bool,
) -> None:
    """A wrong type stays; the outage of a server passes."""
    monkeypatch.setattr(health, "_LOOK_EVERY_S", 0.05)
    run(health_dir=tmp_path, batch_max=1)
    file = tmp_path / "w@test.alive"
    answer = "MISCONF its disk is full" if gone else "WRONGTYPE no list"

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise redis_py.ResponseError(answer)

    monkeypatch.setattr(ledger.Ledger, "claim", refuse)
    wait_until(lambda: answer in caplog.text)
    before = file.stat().st_mtime_ns
    time.sleep(0.3)
    assert (file.stat().st_mtime_ns > before) is gone

"""What the batch thread tells of what it does: to Celery, the log and Prometheus."""

import base64
from typing import Any

import orjson
import pytest
import redis as redis_py

from tests.patience import wait_until
from tests.worker.consumer.models import Models, Run, StateOf, Submit
from worker import events, pricing
from worker.jobs import State
from worker.keys import PREDICTIONS
from worker.metrics import Metrics


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

"""The hand-built event message against Celery's own."""

import base64
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
import redis as redis_py
from celery.events.state import State

from worker import events
from worker.celery import create_celery
from worker.settings import WorkerSettings

PRICED = events.Outcome("3c1ab2b4", 2.0, events.succeeded())


def test_the_envelope_is_the_one_that_celery_publishes(
    settings: WorkerSettings, redis: redis_py.Redis
) -> None:
    """Same channel and same keys as the dispatcher's own buffered message."""
    app = create_celery(settings)
    listener: Any = redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    listener.psubscribe("*")
    listener.get_message(timeout=1)
    with app.connection_for_write() as link:
        dispatcher = app.events.Dispatcher(
            link, hostname="h", buffer_group={"task"}, delivery_mode=1
        )
        dispatcher.send("task-received", uuid="3c1ab2b4", name="price")
        dispatcher.flush()
        dispatcher.close()
    theirs = listener.get_message(timeout=5)
    listener.close()
    assert theirs["channel"].decode() == events.channel(0)
    envelope = orjson.loads(theirs["data"])
    ours = orjson.loads(events.message([PRICED], task="price", hostname="h"))
    assert ours.keys() == envelope.keys()
    assert ours["properties"].keys() == envelope["properties"].keys()
    for key in ("delivery_info", "delivery_mode", "body_encoding", "priority"):
        assert ours["properties"][key] == envelope["properties"][key]
    assert ours["headers"] == envelope["headers"]


def _read(message: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(
        base64.b64decode(orjson.loads(message)["body"])
    )
    return found


def test_each_job_has_two_events_in_order() -> None:
    """Received comes before the outcome, at the start and the end of the batch."""
    received, ended = _read(events.message([PRICED], task="price", hostname="h"))

    assert (received["type"], ended["type"]) == ("task-received", "task-succeeded")
    assert ended["timestamp"] - received["timestamp"] == 2


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (events.succeeded(), "SUCCESS"),
        (events.failed("model_error"), "FAILURE"),
        (events.retried("HTTP 500"), "RETRY"),
    ],
)
def test_celery_reads_every_end(event: Mapping[str, str], state: str) -> None:
    """Flower keeps its tasks in this very class."""
    told = events.Outcome("3c1ab2b4", 2.0, event)
    monitor: Any = State()
    for one in _read(events.message([told], task="deliver", hostname="d@host")):
        monitor.event({**one, "local_received": one["timestamp"], "clock": 0})
    task = monitor.tasks["3c1ab2b4"]

    assert (task.name, task.state, task.runtime) == ("deliver", state, 2.0)

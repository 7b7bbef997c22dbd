"""The hand-built event message against Celery's own."""

import base64
from typing import Any

import orjson
import redis as redis_py

from worker import events
from worker.celery import create_celery
from worker.leases import Completion, Lease
from worker.settings import WorkerSettings

LEASE = Lease("3c1ab2b4", 1, "v", b'{"secret":"house"}', 0)


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
    ours = orjson.loads(
        events.message(
            [Completion(lease=LEASE)], task="price", hostname="h", runtime_s=1
        )
    )
    assert ours.keys() == envelope.keys()
    assert ours["properties"].keys() == envelope["properties"].keys()
    for key in ("delivery_info", "delivery_mode", "body_encoding", "priority"):
        assert ours["properties"][key] == envelope["properties"][key]
    assert ours["headers"] == envelope["headers"]


def test_no_event_tells_of_house_or_price() -> None:
    """Whoever may watch the queue sees ids only."""
    done = Completion(lease=LEASE, output=b'{"price":612000}')
    failed = Completion(lease=LEASE, error="house at 7 Elm Street")
    text = events.message([done, failed], task="price", hostname="h", runtime_s=1)
    body = base64.b64decode(orjson.loads(text)["body"])
    for secret in (b"house", b"612000", b"Elm"):
        assert secret not in body


def test_each_job_has_two_events_in_order() -> None:
    """Received comes before the outcome, at the start and the end of the batch."""
    text = events.message(
        [Completion(lease=LEASE)], task="price", hostname="h", runtime_s=2
    )
    received, ended = orjson.loads(base64.b64decode(orjson.loads(text)["body"]))
    assert (received["type"], ended["type"]) == ("task-received", "task-succeeded")
    assert ended["timestamp"] - received["timestamp"] == 2

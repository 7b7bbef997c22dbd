"""A batch tells how far it is, not too often, and how it ended, once."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.worker.batch_desk import Desk
from tests.worker.conftest import clock
from tests.worker.webhooks.site import Site
from worker.keys import BATCHES, batch_key
from worker.leases import Completion
from worker.webhooks import payload
from worker.webhooks.deliveries import Verdict


@pytest.fixture
def desk(site: Site, store: ModelStore, tmp_path: Path) -> Desk:
    """Return a desk that takes batches."""
    return Desk(site.redis, store, tmp_path / "batches")


def _price(site: Site) -> None:
    """Have the next chunk priced."""
    (lease,) = site.book.claim(BATCHES, limit=1, worker="w").leases
    output = b"%d 2 0" % lease.fence
    site.book.complete(BATCHES, [Completion(lease=lease, output=output)])


def _told(site: Site) -> list[dict[str, Any]]:
    """Return the events that wait, one after the other: a receiver is new."""
    events: list[dict[str, Any]] = []
    while leases := site.take(1):
        (record,) = site.deliveries.load(leases)
        events.append(orjson.loads(payload.body(record)))
        site.end(leases[0])
    return events


def test_a_batch_is_told_of_as_it_goes_and_when_it_ends(site: Site, desk: Desk) -> None:
    """As `GET` showed it then; between two chunks that end in haste nothing is said."""
    site.endpoint("batch.*")
    batch = desk.submit([{}] * 8, chunk_rows=2, metadata=b'{"a":"b"}')

    _price(site)
    _price(site)
    told = int(site.redis.hincrby(batch_key(batch), "told", -10_000)) + 10_000
    # Two of a type in one millisecond are one event: else they are 10 s apart.
    wait_until(lambda: clock(site.redis) > told)
    _price(site)
    _price(site)

    events = _told(site)
    assert [one["type"] for one in events] == [
        "batch.progress",
        "batch.progress",
        "batch.completed",
    ]
    counts = [one["data"]["request_counts"]["completed"] for one in events]
    assert counts == [2, 6, 8]
    assert [one["data"]["status"] for one in events][1:] == ["in_progress", "completed"]
    last = events[-1]["data"]
    assert (last["id"], last["metadata"]) == (batch, {"a": "b"})
    assert last["urls"]["results"].endswith(f"/v1/batches/{batch}/results")
    assert last["completed_at"]


def test_what_was_never_sent_of_a_batch_can_be_sent_again(
    site: Site, desk: Desk
) -> None:
    """It was given up before its body was made; what it is to say is still there."""
    endpoint = site.endpoint("batch.completed")
    desk.submit([{}] * 2, chunk_rows=2)
    _price(site)
    site.end_next(Verdict("failed", 0, 1))
    (missed,) = site.log(endpoint.id)

    site.deliveries.redeliver("acme", missed.id)

    assert [one["type"] for one in _told(site)] == ["batch.completed"]


@pytest.mark.parametrize("what", ["canceled", "expired", "failed"])
def test_any_end_is_told_once(site: Site, desk: Desk, what: str) -> None:
    """However many chunks end with it; who did not ask for it hears nothing."""
    site.endpoint(f"batch.{what}")
    site.endpoint("prediction.*", url="https://other.example/")
    bad = {"error_threshold": 0} if what == "failed" else {}
    batch = desk.submit([{}] * 6, chunk_rows=2, deadline_ms=3_600_000, **bad)

    if what == "canceled":
        # Chunks that end like that are no progress.
        site.endpoint("batch.progress", url="https://other.example/")
        desk.batches.cancel("acme", batch)
    elif what == "expired":
        chunks = [f"{batch}-{number}" for number in (1, 2, 3)]
        site.redis.zadd(f"kerbside:deadlines:{BATCHES}", dict.fromkeys(chunks, 1))
        site.book.reap(BATCHES)
    else:
        (lease,) = site.book.claim(BATCHES, limit=1, worker="w").leases
        # A batch that ends by it makes no progress any more.
        site.endpoint("batch.progress", url="https://other.example/")
        done = Completion(lease=lease, output=b"%d 1 1" % lease.fence)
        site.book.complete(BATCHES, [done])

    (event,) = _told(site)
    assert event["type"] == f"batch.{what}"
    assert event["data"]["status"] == desk.find(batch).status == what


def test_the_webhook_of_a_batch_is_told_of_its_end_alone(
    site: Site, desk: Desk
) -> None:
    """As of a submit, whatever endpoints there are."""
    batch = desk.submit([{}] * 4, chunk_rows=2, webhook="https://own.example/hook")
    _price(site)
    _price(site)

    (event,) = _told(site)

    assert event["type"] == "batch.completed"
    assert event["data"]["id"] == batch
    assert event["data"]["webhook"] == "https://own.example/hook"

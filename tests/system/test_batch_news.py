"""A receiver is told how far batches are and how each ends, by real processes."""

import csv
import io
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import api_server, installation
from tests.system.api_server import Server
from tests.system.event_sink import Sink
from tests.system.installation import Installation, in_a_hurry
from worker import predictors
from worker.batch_files import BatchFiles
from worker.chunks import Chunks
from worker.keys import BATCHES
from worker.ledger import Ledger
from worker.settings import WorkerSettings
from worker.supervision.child import ChildSpec
from worker.webhooks.endpoints import Endpoints, Wanted
from worker.webhooks.sealing import new_key

_ROWS, _OF_A_CHUNK = 300, 100
#: Seconds for a worker to start and to load a model, where all is tested at once.
_PATIENCE_S = 240


@pytest.fixture
def secret_key() -> str:
    """Return what seals the secrets of endpoints."""
    return new_key()


@pytest.fixture
def place(store: ModelStore, tmp_path: Path, secret_key: str) -> Iterator[Installation]:
    """Return an installation that may send to a receiver on this machine."""
    with installation.running(
        tmp_path / "var", store, secret_keys=[secret_key], webhook_development=True
    ) as place:
        yield place


@pytest.fixture
def server(store: ModelStore, place: Installation) -> Iterator[Server]:
    """Run all but what prices batches."""
    stack = place.stack
    for spec in (stack.upkeep_worker(), stack.webhooks_worker(), stack.beat()):
        place.start(spec)
    with api_server.running(place, _with_chunks(stack.api()), store) as server:
        yield server


def _with_chunks(spec: ChildSpec) -> ChildSpec:
    more = {"KERBSIDE_BATCH_CHUNK_ROWS": str(_OF_A_CHUNK)}
    return replace(spec, environment={**spec.environment, **more})


def _submit(server: Server, query: str = "", *, bad: int = 0) -> str:
    """Submit a batch, some of whose first rows are bad; return its id."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(server.house)
    for number in range(_ROWS):
        changed = {"bedrooms": "x"} if number < bad else {}
        writer.writerow({**server.house, **changed}.values())
    kind = {"Content-Type": "text/csv"}
    body = text.getvalue().encode()
    answer = server.call("POST", f"/v1/batches{query}", body, **kind)
    assert answer.status == 202, answer.body
    batch_id: str = answer.body["id"]
    return batch_id


def _price_one_chunk(server: Server, place: Installation, store: ModelStore) -> None:
    """Do a worker's work for the first chunk that waits, and for no other."""
    book = Ledger(server.redis, WorkerSettings(redis_url=place.redis.url))
    files = BatchFiles(place.stack.environment["KERBSIDE_BATCHES_URL"])
    (lease,) = book.claim(BATCHES, limit=1, worker="test").leases
    done = Chunks(files, store, predictors.load).price(lease, beat=lambda: None)
    book.complete(BATCHES, [done])


def _bring_deadline_forward(server: Server) -> None:
    redis: Any = server.redis
    deadlines = f"kerbside:deadlines:{BATCHES}"
    waiting = redis.zrange(deadlines, 0, -1)
    assert len(waiting) == 2
    redis.zadd(deadlines, dict.fromkeys(waiting, 1))


def _results(server: Server, batch_id: str) -> list[bytes]:
    """Return the lines of what a batch was priced at."""
    url = f"http://127.0.0.1:{server.port}/v1/batches/{batch_id}/results"
    key = {"Authorization": f"Bearer {server.token}"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=key)) as answer:
        body: bytes = answer.read()
    return body.splitlines()


def test_each_end_is_told_to_a_receiver(
    server: Server, place: Installation, store: ModelStore, sink: Sink, secret_key: str
) -> None:
    """As it is polled; what was priced before a deadline passed is there."""
    settings = WorkerSettings(
        redis_url=place.redis.url, secret_keys=(secret_key,), webhook_development=True
    )
    wanted = Wanted(url=sink.url, events=["batch.*"])
    _, secret = Endpoints(server.redis, settings).create("acme", wanted)

    def told() -> dict[tuple[str, str], Any]:
        events = [one.verified(secret) for one in list(sink.received)]
        return {(one["data"]["id"], one["type"]): one["data"] for one in events}

    late = _submit(server, "?deadline=86400")
    _price_one_chunk(server, place, store)
    _bring_deadline_forward(server)
    wait_until(lambda: (late, "batch.expired") in told())
    unwanted = _submit(server)
    assert server.call("POST", f"/v1/batches/{unwanted}/cancel").status == 200
    place.start(in_a_hurry(place.stack.batches_worker()))
    wrong = _submit(server, "?error_threshold=1", bad=2)
    good = _submit(server)

    ends = {late: "expired", unwanted: "canceled", wrong: "failed", good: "completed"}
    expected = {(one, f"batch.{end}") for one, end in ends.items()}
    expected |= {(late, "batch.progress"), (good, "batch.progress")}
    wait_until(lambda: expected <= told().keys(), timeout_s=_PATIENCE_S)

    assert told().keys() - {(wrong, "batch.progress")} == expected
    for batch_id, end in ends.items():
        polled = server.call("GET", f"/v1/batches/{batch_id}").body
        assert polled["status"] == end
        assert told()[batch_id, f"batch.{end}"] == polled
    counts = told()[late, "batch.expired"]["request_counts"]
    assert counts["completed"] == _OF_A_CHUNK
    assert len(_results(server, late)) == _OF_A_CHUNK
    assert server.redis.acl_log() == []

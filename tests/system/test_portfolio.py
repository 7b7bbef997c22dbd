"""A portfolio in real processes: imported, stored, valued anew by a new champion."""

import csv
import http.client
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from model_store.archive.archive import Archive
from model_store.store import ModelStore
from tests import small_model
from tests.patience import wait_until
from tests.system import installation
from tests.system.event_sink import Sink
from tests.system.installation import Installation, in_a_hurry
from worker import connection
from worker.credentials import ApiKeys
from worker.settings import WorkerSettings
from worker.supervision.child import ChildSpec
from worker.unstored import UnstoredBatches
from worker.webhooks.endpoints import Endpoints, Wanted
from worker.webhooks.sealing import new_key

#: A version that prices as the champion does.
_NEXT = "20170101-00000000"
_ROWS = 5000
#: Seconds for processes to start and to load a model, where all is tested at once.
_PATIENCE_S = 240


class Service:
    """An API that takes properties, and what a test looks at behind it."""

    def __init__(self, place: Installation, redis: redis_py.Redis, key: str) -> None:
        self.place = place
        self.redis: Any = redis
        self.settings = WorkerSettings(
            redis_url=place.redis.url, secret_keys=(key,), webhook_development=True
        )
        token, _ = ApiKeys(redis).create(tenant="acme", scopes=["predict", "read"])
        self._key = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, Any]:
        """Ask the API; return status and body."""
        line = http.client.HTTPConnection("127.0.0.1", self.place.stack.port)
        try:
            line.request(method, path, body, {**self._key, "Content-Type": "text/csv"})
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            line.close()

    def stored(self, batch_id: str) -> int:
        """Return how many rows of a batch are stored."""
        batch = self.ask("GET", f"/v1/batches/{batch_id}")[1]
        stored: int = batch["request_counts"]["stored"]
        return stored

    def version(self, property_id: str) -> str:
        """Return by which version a property was valued last."""
        _, told = self.ask("GET", f"/v1/properties/{property_id}/valuation")
        version: str = told["version"]
        return version


def _with(spec: ChildSpec) -> ChildSpec:
    # A killed upkeep leaves some chunks to the next one.
    more = {"KERBSIDE_BATCH_CHUNK_ROWS": "250", "KERBSIDE_LEASE_S": "2"}
    return replace(spec, environment={**spec.environment, **more})


@pytest.fixture
def own_store(own_store: ModelStore) -> ModelStore:
    """Return a store with a version that can follow the champion."""
    files = own_store.files(own_store.resolve("champion"))
    own_store.publish(small_model.changed(files, version=_NEXT))
    return own_store


@pytest.fixture
def service(
    own_store: ModelStore, archive: Archive, tmp_path: Path
) -> Iterator[Service]:
    """Run all of an installation but the upkeep, which is the test's."""
    key = new_key()
    with installation.running(
        tmp_path / "var",
        own_store,
        secret_keys=[key],
        webhook_development=True,
        archive_url=archive.database.place,
    ) as place:
        stack = place.stack
        for spec in (stack.api(), stack.webhooks_worker(), stack.beat()):
            place.start(_with(spec))
        place.start(_with(in_a_hurry(stack.batches_worker())))
        with connection.connect(place.redis.url, role="worker") as client:
            found = Service(place, client, key)
            wait_until(lambda: _answers(found), timeout_s=_PATIENCE_S)
            yield found


def _answers(service: Service) -> bool:
    try:
        return service.ask("GET", "/readyz")[0] in {200, 503}
    except OSError:
        return False


def _table(store: ModelStore) -> str:
    house = store.card(store.resolve("champion")).schema.example
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["custom_id", *house])
    for number in range(_ROWS):
        changed = {"sqft_lot": 5000 + number}
        writer.writerow([f"h-{number}", *{**house, **changed}.values()])
    return text.getvalue()


def test_a_portfolio_is_stored_and_follows_the_champion(
    service: Service, own_store: ModelStore, sink: Sink
) -> None:
    """An upkeep that is killed meanwhile costs nothing; the end is told."""
    upkeep = _with(service.place.stack.upkeep_worker())
    wanted = Wanted(url=sink.url, events=["portfolio.revalued"])
    endpoints = Endpoints(service.redis, service.settings)
    _, secret = endpoints.create("acme", wanted)
    first = service.place.start(upkeep)
    status, batch = service.ask("POST", "/v1/properties", _table(own_store))
    assert status == 202, batch

    wait_until(lambda: service.stored(batch["id"]), timeout_s=_PATIENCE_S)
    first.kill()
    service.place.start(upkeep)
    wait_until(lambda: service.stored(batch["id"]) == _ROWS, timeout_s=_PATIENCE_S)
    champion = own_store.resolve("champion")
    assert {service.version(one) for one in ("h-0", f"h-{_ROWS - 1}")} == {champion}

    own_store.promote(_NEXT)
    wait_until(lambda: sink.received, timeout_s=_PATIENCE_S)

    event = sink.received[0].verified(secret)
    told = event["data"]
    assert (event["type"], told["version"]) == ("portfolio.revalued", _NEXT)
    assert (told["properties"], told["stored"], told["failed"]) == (_ROWS, _ROWS, 0)
    # It prices as the one before did.
    assert (told["compared"], told["moved"]) == (_ROWS, 0)
    assert told["value_before"] == told["value_after"] > 0
    assert {service.version(one) for one in ("h-0", f"h-{_ROWS - 1}")} == {_NEXT}
    _, history = service.ask("GET", "/v1/properties/h-7/valuations")
    assert [one["version"] for one in history["results"]] == [_NEXT, champion]
    assert UnstoredBatches(service.redis, service.settings).all() == []
    assert service.redis.acl_log() == []

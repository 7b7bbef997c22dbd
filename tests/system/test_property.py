"""One property in real processes, from its first price to its end."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from model_store.archive.archive import Archive
from model_store.store import ModelStore
from tests import small_model
from tests.patience import PATIENCE_S, wait_until
from tests.system import api_server, installation
from tests.system.api_server import Reply, Server
from tests.system.installation import Installation
from worker.credentials import ApiKeys
from worker.supervision.child import Child

#: A version that prices as the champion does.
_NEXT = "20170101-00000000"
_PATH = "/v1/properties/alder-1"
_READERS = 8


@pytest.fixture
def own_store(own_store: ModelStore) -> ModelStore:
    """Return a store with a version that can follow the champion."""
    files = own_store.files(own_store.resolve("champion"))
    own_store.publish(small_model.changed(files, version=_NEXT))
    return own_store


@pytest.fixture
def place(
    own_store: ModelStore,
    archive: Archive,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Installation]:
    """Return an installation with an archive, where reads alone make prices anew."""
    monkeypatch.setenv("KERBSIDE_REVALUE", "off")
    url = archive.database.place
    with installation.running(tmp_path / "var", own_store, archive_url=url) as place:
        yield place


@pytest.fixture
def server(own_store: ModelStore, place: Installation) -> Iterator[Server]:
    """Run the API and the upkeep."""
    for spec in (place.stack.upkeep_worker(), place.stack.beat()):
        place.start(spec)
    with api_server.running(place, place.stack.api(), own_store) as server:
        yield server


@pytest.fixture
def worker(place: Installation) -> Child:
    """Run what prices."""
    (spec,) = place.stack.prediction_workers()
    return place.start(spec)


def _put(server: Server, house: dict[str, Any], **more: Any) -> Reply:
    return _send(server, "PUT", _PATH, {"input": house, **more})


def _send(server: Server, method: str, path: str, document: Any) -> Reply:
    kind = {"Content-Type": "application/json"}
    return server.call(method, path, json.dumps(document).encode(), **kind)


def _read(server: Server, **headers: str) -> Reply:
    return server.call("GET", f"{_PATH}/valuation", None, **headers)


def _valued(server: Server, **wanted: Any) -> Reply:
    """Return the stored price once it is there and as wanted."""
    found: list[Reply] = []

    def is_there() -> bool:
        found[:] = [_read(server)]
        told = found[0].body if found[0].status == 200 else {}
        return bool(told) and wanted.items() <= told.items()

    wait_until(is_there, f"a valuation with {wanted}")
    return found[0]


def _source(url: str) -> str:
    return url.rpartition("/")[2]


def _history(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.call("GET", f"{_PATH}/valuations").body[
        "results"
    ]
    return found


def test_a_price_is_ready_and_made_anew_when_it_is_stale(
    server: Server, worker: Child, own_store: ModelStore
) -> None:
    """For each reason there is; nobody waits, and many readers make one job."""
    champion = own_store.resolve("champion")
    assert _put(server, server.house).status == 201
    first = _valued(server, stale=False)
    assert first.body["version"] == champion
    assert first.body["refresh"] is None
    assert 0 <= int(first.headers["age"]) <= PATIENCE_S
    assert parsedate_to_datetime(first.headers["last-modified"]) <= datetime.now(UTC)
    known = _read(server, **{"If-None-Match": first.headers["etag"]})
    assert (known.status, known.body) == (304, None)

    with api_server.frozen(worker.pid):
        larger = server.house | {"sqft_living": 2 * server.house["sqft_living"]}
        assert _put(server, larger).status == 200
        with ThreadPoolExecutor(_READERS) as readers:
            seen = list(readers.map(lambda _: _read(server).body, range(_READERS)))
    assert {tuple(one["stale_because"]) for one in seen} == {("input",)}
    assert {one["source"] for one in seen} == {first.body["source"]}
    (job,) = {one["refresh"] for one in seen}
    _valued(server, stale=False, source=_source(job))

    asked = server.call("GET", f"{_PATH}/valuation?refresh=true")
    assert asked.status == 202
    job = f"/v1/predictions/{_source(asked.headers['location'])}"
    wait_until(lambda: server.call("GET", job).body["status"] == "succeeded")
    _valued(server, stale=False, source=_source(job))

    assert _put(server, larger, max_age=1).status == 200
    old = _valued(server, stale=True).body
    assert (old["stale_because"], old["max_age"]) == (["max_age"], 1)
    renewed = _source(old["refresh"])
    wait_until(lambda: renewed in [one["source"] for one in _history(server)])

    # It stays as it is from now on, until the model changes.
    assert _put(server, larger).status == 200
    _valued(server, stale=False)
    own_store.promote(_NEXT)
    outdated = _valued(server, stale=True).body
    assert (outdated["stale_because"], outdated["version"]) == (["model"], champion)
    _valued(server, stale=False, version=_NEXT)

    moves = _history(server)[::-1]
    assert [one["version"] for one in moves][:4] == [champion] * 4
    assert _NEXT in [one["version"] for one in moves]
    prices = [one["output"]["price"] for one in moves]
    assert prices[1] != prices[0]
    # Nothing else makes prices anew where that is switched off.
    assert server.call("GET", "/v1/batches").body["results"] == []
    assert [one["change"] for one in moves] == [
        None,
        *(after - before for before, after in itertools.pairwise(prices)),
    ]
    assert server.redis.acl_log() == []


def test_a_sale_judges_it_and_its_end_takes_all(
    server: Server,
    worker: Child,
    place: Installation,
    own_store: ModelStore,
    archive: Archive,
) -> None:
    """Told by the property's id; what is erased is read by nobody any more."""
    del worker
    _put(server, server.house)
    price = _valued(server, stale=False).body["output"]["price"]
    sale = {
        "property_id": "alder-1",
        "price": price,
        "sold_on": str(datetime.now(UTC).date()),
    }
    told = _send(server, "POST", "/v1/outcomes", sale)
    assert (told.status, told.body["new"]) == (201, 1)

    _report(place, own_store)
    token, _ = ApiKeys(server.redis).create(tenant="operator", scopes=["operate"])
    key = {"Authorization": f"Bearer {token}"}
    report = server.call("GET", "/v1/monitoring/accuracy", None, **key)
    assert (report.status, report.body["properties"]) == (200, 1)

    assert server.call("DELETE", _PATH).status == 204
    paths = (_PATH, f"{_PATH}/valuation", f"{_PATH}/valuations")
    assert [server.call("GET", path).status for path in paths] == [404] * 3
    assert server.call("GET", "/v1/properties").body["results"] == []
    assert server.call("GET", "/v1/outcomes").body["results"] == []
    assert archive.valuations.page("acme", "alder-1", limit=9) == []
    assert list(archive.outcomes.current()) == []
    assert server.redis.acl_log() == []


def _report(place: Installation, store: ModelStore) -> None:
    """Have accuracy measured, as the upkeep does from time to time."""
    environment = {
        **place.stack.environment,
        "KERBSIDE_ARCHIVE_URL": place.stack.archive_url,
        "KERBSIDE_STORE_URL": str(store.url),
    }
    subprocess.run(
        [sys.executable, "-m", "model_store", "accuracy"],
        env=environment,
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )

"""Fixtures of the API's tests: an application on a real Redis, keys, a house."""

import json
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from api import documented_path, services
from api.app import create_app
from api.cli import main
from api.openapi import components
from api.openapi.route_docs import OPERATIONS
from api.services import Services
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from model_store.store import ModelStore
from worker import redis_acl
from worker.archiving import Archiving
from worker.credentials import ApiKeys
from worker.feed import Feed
from worker.keys import FEED, KEYS_USED, PREDICTIONS
from worker.leases import Completion
from worker.ledger import Ledger
from worker.metrics import Metrics
from worker.settings import WorkerSettings
from worker.supervision.embedded import EmbeddedRedis
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.lookup import LOOKUPS, NameNotFound
from worker.webhooks.sealing import new_key

#: What a worker writes for a priced house.
OUTPUT = {
    "price": 612000,
    "currency": "USD",
    "interval": {"low": 498000, "high": 741000, "level": 0.9, "method": "test"},
    "fsd": 0.118,
    "confidence": {"score": 88, "band": "high"},
    "as_of": "2015-05-27",
    "in_distribution": True,
    "flags": [
        {
            "feature": "sqft_lot",
            "code": "above_sales",
            "value": 871200,
            "detail": "more than 99 % of the sales",
        },
        {
            "feature": None,
            "code": "unlike_sales",
            "value": None,
            "detail": "far from all",
        },
    ],
    "comparables": [
        {
            "sold_on": "2015-04-30",
            "price": 590000,
            "price_as_of": 598000,
            "distance_m": 420,
            "house": {"bedrooms": 3, "zipcode": "98117"},
        },
        {"sold_on": "2015-03-02", "price": 1, "price_as_of": 2, "house": {}},
    ],
    "model": {
        "name": "king-county",
        "version": "20150527-0000abcd",
        "alias": "champion",
        "digest": "sha256:0000abcd",
        "trained_at": "2026-01-02T03:04:05Z",
    },
}

#: What seals the webhooks' secrets.
_SECRET_KEY = new_key()

Headers = dict[str, str]
MakeHeaders = Callable[..., Headers]
#: Werkzeug types the JSON of an answer as optional; here a missing one is a failure.
Answer = Any
Client = Any
Run = Callable[..., Result]
Submit = Callable[..., Answer]
Register = Callable[..., Answer]
Finish = Callable[[], list[str]]
Post = Callable[[bytes], Answer]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command in an empty state folder."""

    def run(*arguments: str, typed: str = "", **environment: str) -> Result:
        settings = {"KERBSIDE_STATE_DIR": str(tmp_path / "state"), **environment}
        return CliRunner().invoke(main, arguments, input=typed, env=settings)

    return run


@pytest.fixture
def api_settings(
    redis_url: str, redis_server: EmbeddedRedis, store: ModelStore
) -> ApiSettings:
    """Return settings of an API that name the test's Redis and model store."""
    return ApiSettings(
        redis_url=redis_server.url_of(redis_acl.API),
        store_url=store.url,
        trusted_keys=store.trust.keys,
        public_url="https://api.example.org/",
        secret_keys=(_SECRET_KEY,),
    )


class _ReadingClient(FlaskClient):
    """A client that has read the OpenAPI document: nothing else may come back."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request; fail when its answer is not one of those described."""
        answer = super().open(*args, **kwargs)
        described = _described(self.application, answer.request)
        if described is not None:
            known = described["responses"].get(str(answer.status_code))
            assert known, f"status {answer.status_code} is not described"
            said = components.headers().keys() & set(answer.headers.keys())
            assert said <= known["headers"].keys(), "a header is not described"
        return answer


def _described(app: Any, request: Any) -> dict[str, Any] | None:
    method = "GET" if request.method == "HEAD" else request.method
    try:
        rule, _ = app.url_map.bind("").match(request.path, method, return_rule=True)
    except HTTPException:
        return None
    path = documented_path.of(rule.rule)
    generated = app.api_doc["paths"].get(path, {}).get(method.lower())
    return OPERATIONS[generated["operationId"]] if generated else None


@pytest.fixture
def app(api_settings: ApiSettings) -> Iterator[Flask]:
    """Return an application; its listener starts with the first waiter."""
    app = create_app(api_settings)
    app.test_client_class = _ReadingClient
    yield app
    services.of(app).stop()


@pytest.fixture
def shared(app: Flask) -> Services:
    """Return what the views of the application share."""
    return services.of(app)


@pytest.fixture
def client(app: Flask) -> Client:
    """Return a client of the application."""
    return app.test_client()


@pytest.fixture
def own_client(redis_url: str, own_store: ModelStore) -> Iterator[Client]:
    """Return a client of an application on a store that a test may write to."""
    settings = ApiSettings(
        redis_url=redis_url,
        store_url=own_store.url,
        trusted_keys=own_store.trust.keys,
    )
    app = create_app(settings)
    yield app.test_client()
    services.of(app).stop()


@pytest.fixture
def keys(redis: redis_py.Redis) -> ApiKeys:
    """Return the API keys of the test's Redis."""
    return ApiKeys(redis)


@pytest.fixture
def bearer(keys: ApiKeys) -> MakeHeaders:
    """Return a function that makes a key and returns the header that carries it."""

    def bearer(tenant: str = "acme", scopes: str = "predict read") -> Headers:
        token, _ = keys.create(tenant=tenant, scopes=scopes.split())
        return {"Authorization": f"Bearer {token}"}

    return bearer


@pytest.fixture
def caller(bearer: MakeHeaders) -> Headers:
    """Return the header of a key of tenant `acme`."""
    return bearer()


@pytest.fixture
def hooker(bearer: MakeHeaders) -> Headers:
    """Return the header of a key of tenant `acme` that may look after webhooks."""
    return bearer(scopes="webhooks")


@pytest.fixture
def operator(bearer: MakeHeaders) -> Headers:
    """Return the header of an operator's key."""
    return bearer("operator", "operate")


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Look names up in a table instead of asking a name server; it may be changed."""
    public = [ip_address("93.184.216.34")]
    names: dict[str, Any] = {
        "hooks.example.com": public,
        "other.example.com": public,
        "inside.example.com": [*public, ip_address("10.0.0.1")],
    }

    def resolve(host: str, **_: object) -> Any:
        found = names.get(host, NameNotFound("there is no such name"))
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(LOOKUPS, "resolve", resolve)
    return names


@pytest.fixture
def register(client: Client, hooker: Headers, resolver: dict[str, Any]) -> Register:
    """Return a function that registers an endpoint, with further fields."""
    del resolver

    def register(**fields: Any) -> Answer:
        body = {"url": "https://hooks.example.com/kerbside", **fields}
        return client.post("/v1/webhooks", json=body, headers=hooker)

    return register


@pytest.fixture
def house(store: ModelStore) -> dict[str, Any]:
    """Return a house that the champion takes."""
    return dict(store.card(store.resolve("champion")).schema.example)


@pytest.fixture
def submit(client: Client, caller: Headers, house: dict[str, Any]) -> Submit:
    """Return a function that submits the house, with further headers and fields."""

    def submit(
        headers: Headers | None = None, key: Headers = caller, **fields: Any
    ) -> Answer:
        body = {"input": house, **fields}
        return client.post(
            "/v1/predictions", json=body, headers={**key, **(headers or {})}
        )

    return submit


@pytest.fixture
def post(client: Client, caller: Headers) -> Post:
    """Return a function that submits bytes as JSON."""

    def post(body: bytes) -> Answer:
        return client.post(
            "/v1/predictions",
            data=body,
            headers=caller,
            content_type="application/json",
        )

    return post


@pytest.fixture
def nothing_queued(caller: Headers, redis: redis_py.Redis) -> Iterator[None]:
    """Check that a test leaves Redis as it was: no job, no entry, no count.

    When keys were used is written beside the requests, at any time.
    """
    before = _content(redis)
    yield
    assert _content(redis) == before


def _content(redis: redis_py.Redis) -> dict[bytes, bytes]:
    names: Any = redis.keys()
    names = [name for name in names if name != KEYS_USED.encode()]
    dumps: Any = [redis.dump(name) for name in names]
    return dict(zip(names, dumps, strict=True))


@pytest.fixture
def deliveries(redis: redis_py.Redis, settings: WorkerSettings) -> Deliveries:
    """Return the deliveries as the worker has them that makes them."""
    return Deliveries(redis, settings)


@pytest.fixture
def finish(book: Ledger) -> Finish:
    """Return a function that does a worker's work for every waiting job."""

    def finish() -> list[str]:
        leases = book.claim(PREDICTIONS, limit=100, worker="test").leases
        output = json.dumps(OUTPUT).encode()
        book.complete(
            PREDICTIONS, [Completion(lease=one, output=output) for one in leases]
        )
        return [one.id for one in leases]

    return finish


@pytest.fixture
def settle(
    redis: redis_py.Redis,
    settings: WorkerSettings,
    archive: Archive,
    finish: Finish,
    metrics: Metrics,
) -> Finish:
    """Return a function that does the work of a worker and of the archivist."""
    feed = Feed(redis, settings, reader="test")
    feed.open()
    archiving = Archiving(feed, archive, metrics)

    def settle() -> list[str]:
        ended = finish()
        while redis.xlen(FEED):
            archiving.take_up(feed.next(200))
        return ended

    return settle


def assert_problem(answer: Answer, status: int, slug: str) -> dict[str, Any]:
    """Check that an answer is the problem named, and return its document."""
    assert answer.status_code == status, answer.data
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.data)
    assert problem["type"] == f"urn:kerbside:problem:{slug}"
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["Request-Id"]
    assert problem["title"]
    assert problem["detail"]
    return problem

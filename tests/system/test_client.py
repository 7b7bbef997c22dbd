"""Laws of the client, on the real API and a real worker."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.client import Client
from model_store.store import ModelStore
from tests.system.installation import Installation
from worker import connection
from worker.credentials import ApiKeys


@pytest.fixture
def client(place: Installation) -> Iterator[Client]:
    """Return a client of an installation that prices houses."""
    place.start(place.stack.api())
    for worker in place.stack.prediction_workers():
        place.start(worker)
    with connection.connect(place.redis.url, role="worker") as server:
        token, _ = ApiKeys(server).create(tenant="acme", scopes=["predict", "read"])
    with Client(f"http://127.0.0.1:{place.stack.port}", token) as client:
        yield client


@pytest.fixture
def house(store: ModelStore) -> dict[str, Any]:
    """Return a house that the champion takes."""
    return dict(store.card(store.resolve("champion")).schema.example)


def test_a_house_is_priced_by_one_call(client: Client, house: dict[str, Any]) -> None:
    """Submit and wait, through real sockets, from before the API is up."""
    prediction = client.price(house)

    assert prediction.status == "succeeded"
    assert prediction.price is not None
    assert prediction.low is not None
    assert prediction.high is not None
    assert prediction.low <= prediction.price <= prediction.high
    assert prediction.currency == "USD"
    assert client.get(prediction.id) == prediction

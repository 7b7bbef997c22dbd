"""Laws of the client, on the real API and a real worker."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from api.client import ApiError, Client, NotFinished
from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system.installation import Installation
from worker import connection
from worker.credentials import ApiKeys
from worker.supervision.child import Child


@pytest.fixture
def api(place: Installation) -> Child:
    """Start the API of an installation."""
    return place.start(place.stack.api())


@pytest.fixture
def idle(place: Installation, api: Child) -> Iterator[Client]:
    """Return a client of an installation that has no worker."""
    with connection.connect(place.redis.url, role="worker") as server:
        token, _ = ApiKeys(server).create(tenant="acme", scopes=["predict", "read"])
    with Client(f"http://127.0.0.1:{place.stack.port}", token) as client:
        yield client


@pytest.fixture
def client(place: Installation, idle: Client) -> Client:
    """Return a client of an installation that prices houses."""
    for worker in place.stack.prediction_workers():
        place.start(worker)
    return idle


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


def test_two_hundred_houses_come_back_in_order(
    client: Client, house: dict[str, Any]
) -> None:
    """Each with the price of its own size, the larger the dearer on the whole."""
    houses = [{**house, "sqft_living": 500 + 20 * number} for number in range(200)]

    found = client.price(houses)

    assert [one.raw["input"]["sqft_living"] for one in found] == [
        one["sqft_living"] for one in houses
    ]
    assert len({one.id for one in found}) == 200
    prices = [one.price or 0 for one in found]
    assert prices[-1] > prices[0]


def test_a_table_is_priced_row_by_row(
    client: Client, store: ModelStore, house: dict[str, Any]
) -> None:
    """What pandas makes of a file is taken: text that looks like numbers, and gaps."""
    table = pd.DataFrame([house, {**house, "grade": 99}], index=["good", "bad"])
    table["zipcode"] = table["zipcode"].astype(int)
    table.insert(0, "id", [1, 2])

    priced: Any = client.price(table, errors="keep")

    assert list(priced.index) == ["good", "bad"]
    assert priced.loc["good", "low"] <= priced.loc["good", "price"]
    assert priced.loc["good", "model_version"] == store.resolve("champion")
    assert pd.isna(priced.loc["bad", "price"])
    assert "/input/grade" in str(priced.loc["bad", "error"])


def test_a_repeated_key_is_the_same_job(client: Client, house: dict[str, Any]) -> None:
    """Whoever submits again after a lost answer gets what there is."""
    first = client.submit(house, idempotency_key="once")
    second = client.price(house, idempotency_key="once")

    assert first.id == second.id
    assert [one.id for one in client.list()] == [first.id]


def test_a_prediction_without_a_worker_is_waited_for_and_canceled(
    idle: Client, house: dict[str, Any]
) -> None:
    """The wait ends in time with the prediction, and a cancel ends that."""
    with pytest.raises(NotFinished) as told:
        idle.wait(idle.submit(house), timeout_s=0.2)

    waiting = told.value.prediction
    assert waiting.status == "starting"
    assert idle.cancel(waiting).status == "canceled"
    assert idle.wait(waiting.id).status == "canceled"


def test_a_canceled_prediction_can_be_retried_and_removed(
    client: Client, house: dict[str, Any]
) -> None:
    """The same id gets its price after all; then nothing of it is kept."""
    ended = client.cancel(client.submit(house))
    if ended.status == "canceled":
        client.retry(ended)
        ended = client.wait(ended.id)
    client.delete(ended)

    assert ended.status == "succeeded"
    with pytest.raises(ApiError) as told:
        client.get(ended)
    assert told.value.status == 410
    assert told.value.problem["data_removed"] is True


def test_a_list_is_narrowed_and_goes_on_over_pages(
    idle: Client, house: dict[str, Any]
) -> None:
    """All pages are read, each prediction once."""
    begun = datetime.now(UTC)
    made = {one.id for one in (idle.submit(house) for _ in range(130))}
    idle.cancel(min(made))

    assert {one.id for one in idle.list(created_after=begun)} == made
    assert [one.id for one in idle.list(status="canceled")] == [min(made)]
    assert [*idle.list(created_before=begun)] == []


def test_what_is_wrong_is_told_where(idle: Client, house: dict[str, Any]) -> None:
    """The problem document of the API, as attributes and in the message."""
    with pytest.raises(ApiError, match="/input/bedrooms") as told:
        idle.submit({**house, "bedrooms": "three"})

    assert told.value.status == 422
    assert told.value.type == "urn:kerbside:problem:invalid-submission"


def test_a_killed_api_loses_no_house(
    place: Installation, api: Child, client: Client, house: dict[str, Any]
) -> None:
    """It dies and comes back while houses are under way; each is one prediction."""
    houses = [{**house, "sqft_living": 500 + number} for number in range(300)]
    with ThreadPoolExecutor(1) as pool:
        priced = pool.submit(client.price, houses)
        wait_until(lambda: next(client.list(status="succeeded"), None))
        api.kill()
        place.start(place.stack.api())

    found = [one.raw["input"]["sqft_living"] for one in priced.result()]

    assert found == [one["sqft_living"] for one in houses]
    assert len({one.id for one in client.list()}) == 300

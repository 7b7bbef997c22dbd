"""Laws of tables."""

import gc
import weakref
from collections.abc import Mapping
from typing import Any, Self

import pandas as pd
import pytest

from api.client import RESULT_COLUMNS, Client, NotAllPriced, Prediction
from api.client import client as client_module
from tests.api.client.script import (
    Script,
    by_method,
    model,
    priced_by_bedrooms,
    refused,
)


def test_a_table_comes_back_with_its_prices(server: Script, client: Client) -> None:
    """Same kind, index and columns; gaps are absent, kinds are those of the schema."""
    kinds = {"bedrooms": "integer", "view": "integer", "zipcode": "category"}
    server.answer = lambda request: (
        model(**kinds) if request.method == "GET" else priced_by_bedrooms(request)
    )
    table = pd.DataFrame(
        {
            "id": [7, 8],
            "bedrooms": [2, 3],
            "view": [1, None],
            "zipcode": [98117, 98118],
        },
        index=["a", "b"],
    )

    priced = client.price(table)

    sent = sorted(
        (request.body["input"] for request in server.requests[1:]),
        key=lambda house: int(house["bedrooms"]),
    )
    assert sent == [
        {"bedrooms": 2, "view": 1, "zipcode": "98117"},
        {"bedrooms": 3, "zipcode": "98118"},
    ]
    pd.testing.assert_frame_equal(priced[table.columns], table)
    assert priced["price"].tolist() == [2000, 3000]
    assert priced["prediction_id"].tolist() == ["p2000", "p3000"]
    assert priced["flags"].iloc[0] == "sqft_lot:above_sales house:unlike_sales"
    assert priced["error"].isna().all()


def test_a_table_keeps_its_own_price(server: Script, client: Client) -> None:
    """Columns are never overwritten; nothing is submitted before that is known."""
    with pytest.raises(ValueError, match="price"):
        client.price(pd.DataFrame({"price": [1], "bedrooms": [2]}))

    assert server.requests == []


def test_a_table_with_a_refused_row_tells_why_in_it(
    server: Script, client: Client
) -> None:
    """The row has an error in place of a price."""
    server.answer = lambda request: (
        model(bedrooms="integer")
        if request.method == "GET"
        else refused("/input/bedrooms")
    )

    with pytest.raises(NotAllPriced) as told:
        client.price(pd.DataFrame({"bedrooms": [2]}))

    assert "/input/bedrooms" in told.value.results["error"][0]


def test_a_table_that_does_not_fit_is_told_once(server: Script, client: Client) -> None:
    """All misspelt and missing columns, with the nearest name; no house is sent."""
    server.answer = lambda _: model("bedrooms", "zipcode", "grade", view="integer")
    table = pd.DataFrame({"Bedroms": [3, 4], "zipcode": [1, 2], "views": [0, 1]})

    with pytest.raises(ValueError, match="no column") as told:
        client.price(table)

    assert str(told.value) == (
        "no column 'bedrooms', but 'Bedroms': rename it; no column 'grade';"
        " no column 'view', but 'views': rename it"
    )
    assert [request.method for request in server.requests] == ["GET"]


def test_one_model_version_prices_a_table(server: Script, client: Client) -> None:
    """A promotion midway changes nothing: rows name the version that was checked."""
    server.answer = by_method(model("bedrooms"), priced_by_bedrooms)
    table = pd.DataFrame({"bedrooms": [1, 2, 3]})

    client.price(table)
    client.price(table, version="challenger")

    cards = [one.path for one in server.requests if one.method == "GET"]
    submits = [one.body for one in server.requests if one.method == "POST"]
    assert cards == ["/v1/models/champion", "/v1/models/challenger"]
    assert [body["version"] for body in submits] == ["v1"] * 6


def test_an_empty_table_comes_back_with_the_columns(
    server: Script, client: Client
) -> None:
    """There is nothing to ask for."""
    priced = client.price(pd.DataFrame({"bedrooms": []}))

    assert list(priced.columns) == ["bedrooms", *RESULT_COLUMNS]
    assert server.requests == []


def test_whatever_has_records_and_takes_columns_is_a_table(
    server: Script, client: Client
) -> None:
    """No other part of pandas is relied on."""

    class Rows:
        def __init__(self) -> None:
            self.added: dict[str, Any] = {}

        def to_dict(self, orient: str) -> Any:
            assert orient == "records"
            return [{"bedrooms": 2}]

        def assign(self, **columns: Any) -> Self:
            self.added = columns
            return self

    server.answer = by_method(model("bedrooms"), priced_by_bedrooms)

    assert client.price(Rows()).added["price"] == [2000]


def test_of_a_table_only_the_columns_are_kept(
    server: Script, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long one does not hold every answer in memory until the end."""
    seen: list[weakref.ref[Prediction]] = []

    class Watched(Prediction):
        __slots__ = ("__weakref__",)

        @classmethod
        def from_json(cls, raw: Mapping[str, Any]) -> Self:
            read = super().from_json(raw)
            seen.append(weakref.ref(read))
            return read

    monkeypatch.setattr(client_module, "Prediction", Watched)
    server.answer = by_method(model("bedrooms"), priced_by_bedrooms)

    priced = client.price(pd.DataFrame({"bedrooms": range(50)}))

    assert len(seen) == 50
    gc.collect()
    assert [one for one in seen if one() is not None] == []
    assert priced["price"].tolist() == [number * 1000 for number in range(50)]

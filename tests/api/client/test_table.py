"""Laws of tables."""

import pandas as pd
import pytest

from api.client import (
    Client,
    NotAllPriced,
)
from tests.api.client.script import (
    Script,
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

"""Laws of telling sales."""

import math
from datetime import date

import pandas as pd
import pytest

from api.client import ApiError, Client, Sale, WrongHouse
from tests.api.client.script import HOUSE, Reply, Script


def test_sales_are_sent_as_they_are(server: Script, client: Client) -> None:
    """In one request; days of any kind are days, and gaps in houses are left out."""
    server.replies = [Reply(201, {"results": [{"became": "new"}] * 3})]
    sales: list[Sale] = [
        {"prediction_id": "p1", "price": 612000, "sold_on": "2026-01-31"},
        {"prediction_id": "p2", "price": 1.5, "sold_on": date(2026, 1, 30)},
        {
            "input": {**HOUSE, "view": math.nan},
            "price": 2,
            "sold_on": pd.Timestamp("2026-01-29"),
        },
    ]

    told = client.outcomes(sales)

    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/outcomes")
    first, second, third = request.body["outcomes"]
    assert first == sales[0]
    assert second == {"prediction_id": "p2", "price": 1.5, "sold_on": "2026-01-30"}
    assert third == {"input": HOUSE, "price": 2, "sold_on": "2026-01-29"}
    assert [one["became"] for one in told] == ["new"] * 3


def test_a_sale_is_withdrawn_by_its_id(server: Script, client: Client) -> None:
    """Whatever is written in its place."""
    server.replies = [Reply(204)]

    client.withdraw("out_1/..")

    (request,) = server.requests
    assert (request.method, request.path) == ("DELETE", "/v1/outcomes/out_1%2F..")


def test_what_json_cannot_hold_is_not_sent(server: Script, client: Client) -> None:
    """The error says what it is."""
    with pytest.raises(WrongHouse, match="JSON cannot hold these sales"):
        client.outcomes([{"prediction_id": "p1", "price": math.nan, "sold_on": "x"}])

    assert server.requests == []


def test_an_answer_of_another_server_is_an_error(
    server: Script, client: Client
) -> None:
    """Whatever it says of its success."""
    server.replies = [Reply(200, {"results": [{"id": "out_1"}]})]

    with pytest.raises(ApiError, match="no answer of Kerbside"):
        client.outcomes([])

"""Laws of how a house is sent."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from api.client import Client, KerbsideError, WrongHouse
from tests.api.client.script import Script, priced_by_bedrooms

#: What JSON cannot hold.
ODD = [Decimal(3), date(2026, 1, 2), np.array([1, 2]), float("inf"), {1}]


def test_scalars_of_numpy_are_plain_numbers(server: Script, client: Client) -> None:
    """A row of a table can be priced as it is."""
    server.answer = priced_by_bedrooms
    row = pd.DataFrame({"bedrooms": [2], "sqft": [1.5], "gap": [None]}).iloc[0]

    client.price(dict(row))

    assert server.requests[0].body["input"] == {"bedrooms": 2, "sqft": 1.5}


def test_a_series_is_a_house(server: Script, client: Client) -> None:
    """Whole numbers that pandas made floats are whole numbers again."""
    server.answer = priced_by_bedrooms
    table = pd.DataFrame({"bedrooms": [2, 3], "lat": [47.5, None]})

    one = client.price(table.iloc[0])
    several = client.price([row for _, row in table.iterrows()])

    assert one.price == 2000
    assert [each.price for each in several] == [2000, 3000]
    assert server.requests[0].body["input"] == {"bedrooms": 2, "lat": 47.5}
    assert server.requests[0].body["input"]["bedrooms"].__class__ is int


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_what_json_cannot_hold_is_told_with_its_name(
    server: Script, client: Client, odd: Any
) -> None:
    """Nothing was sent, and another house may fare better."""
    for call in (client.submit, client.price):
        with pytest.raises(WrongHouse, match="'sold'") as told:
            call({"bedrooms": 3, "sold": odd})

        assert told.value.field == "sold"
        assert told.value.is_about_house
    assert server.requests == []


def test_one_odd_cell_loses_no_answer(server: Script, client: Client) -> None:
    """Every other house has its price; the error stands in the place of its own."""
    server.answer = priced_by_bedrooms
    odd = [{"bedrooms": one} for one in ODD]

    given: Any = [{"bedrooms": 1}, *odd, None, [], {"bedrooms": 2}]
    found = client.price(given, errors="keep")

    assert [getattr(one, "price", None) for one in found] == [
        1000,
        *[None] * (len(ODD) + 2),
        2000,
    ]
    assert all(isinstance(one, KerbsideError) for one in found[1:-1])


def test_metadata_that_json_cannot_hold_is_told_with_its_name(client: Client) -> None:
    """What is asked for beside the house is checked, too."""
    metadata: Any = {"order": Decimal(1)}

    with pytest.raises(WrongHouse) as told:
        client.submit({"bedrooms": 3}, metadata=metadata)

    assert told.value.field == "metadata"

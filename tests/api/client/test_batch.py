"""Laws of many houses."""

from typing import Any

import pytest

from api.client import (
    ApiError,
    Client,
    NotAllPriced,
)
from tests.api.client.script import (
    Reply,
    Script,
    priced_by_bedrooms,
    refused,
)


def test_many_houses_come_back_in_order(server: Script, client: Client) -> None:
    """However they are spread over connections."""
    server.answer = priced_by_bedrooms
    houses = [{"bedrooms": number} for number in range(50)]

    prices = [one.price for one in client.price(houses)]

    assert prices == [number * 1000 for number in range(50)]
    assert server.connections <= 4


def test_one_refused_house_does_not_lose_the_others(
    server: Script, client: Client
) -> None:
    """The error comes when all are done, and holds all; or it stands in its place."""
    server.answer = lambda request: (
        refused("/input/bedrooms")
        if request.body["input"]["bedrooms"] == 2
        else priced_by_bedrooms(request)
    )
    houses = [{"bedrooms": number} for number in range(1, 4)]

    with pytest.raises(NotAllPriced, match="1 have no price") as told:
        client.price(houses)
    kept: Any = client.price(houses, errors="keep")

    for results in (told.value.results, kept):
        assert [getattr(one, "price", None) for one in results] == [1000, None, 3000]
        assert isinstance(results[1], ApiError)


def test_a_refused_key_ends_it_for_all(server: Script, client: Client) -> None:
    """A service that fails is not asked a thousand times; each house has its error."""
    server.answer = lambda _: Reply(401, {"title": "API key not valid"})
    houses = [{"bedrooms": number} for number in range(1000)]

    found: Any = client.price(houses, errors="keep")

    assert len(found) == 1000
    assert {one.status for one in found} == {401}
    assert len(server.requests) <= 4

"""Laws of properties through the client."""

import asyncio
from typing import Any

import pytest

from api.client import ApiError, Client, NotFinished, NotPriced, Valuation
from api.client.async_client import AsyncClient
from tests.api.client.script import (
    DROPPED,
    HOUSE,
    KEY,
    Reply,
    Script,
    prediction,
)
from tests.api.conftest import OUTPUT

_PUT = {"id": "alder-1", "model": "m", "input": HOUSE, "updated_at": "2026-01-02"}


def _valuation(valued_at: str = "2026-01-02T00:00:00Z", **more: Any) -> dict[str, Any]:
    return {"output": OUTPUT, "version": "v1", "valued_at": valued_at, **more}


def _made(**more: Any) -> Reply:
    """Return the answer of who asked for a price that is in the making."""
    return Reply(202, prediction(completed_at="2026-01-03T00:00:00Z", **more))


def test_a_property_is_put_read_and_deleted(server: Script, client: Client) -> None:
    """A delete whose answer was lost is not an error."""
    server.replies = [Reply(201, _PUT), Reply(200, _PUT)]
    server.replies += [DROPPED, Reply(404, {"title": "No such property"})]

    put = client.properties.put("alder-1", {**HOUSE, "view": None}, max_age=60)
    read = client.properties.get("alder-1")
    client.properties.delete("a/b")

    assert put == read
    assert (read.id, read.input) == ("alder-1", HOUSE)
    assert [(one.method, one.path) for one in server.requests] == [
        ("PUT", "/v1/properties/alder-1"),
        ("GET", "/v1/properties/alder-1"),
        *[("DELETE", "/v1/properties/a%2Fb")] * 2,
    ]
    assert server.requests[0].body == {"max_age": 60, "input": HOUSE}


def test_a_kept_price_is_there_at_once(server: Script, client: Client) -> None:
    """With what makes it stale."""
    told = _valuation(stale=True, stale_because=["model"], refresh=None)
    server.replies = [Reply(200, told)]

    found = client.properties.valuation("alder-1")

    assert (found.price, found.low, found.high) == (612000, 498000, 741000)
    assert (found.stale_because, found.raw) == (("model",), told)
    assert server.requests[0].path == "/v1/properties/alder-1/valuation"


def test_a_price_that_is_in_the_making_is_waited_for(
    server: Script, client: Client
) -> None:
    """The old one that is still kept is not taken for it."""
    new = _valuation("2026-01-03T00:00:00Z")
    server.replies = [_made(status="processing"), _made()]
    server.replies += [Reply(200, _valuation()), Reply(200, new)]

    found = client.properties.valuation("alder-1", refresh=True)

    assert found == Valuation.from_json(new)
    value = "/v1/properties/alder-1/valuation"
    assert [one.path for one in server.requests] == [
        f"{value}?refresh=true",
        "/v1/predictions/p1",
        *[value] * 2,
    ]


def test_a_price_that_cannot_be_made_is_told(server: Script, client: Client) -> None:
    """By what became of its prediction."""
    server.replies = [_made(status="failed", error="no")]

    with pytest.raises(NotPriced, match="no"):
        client.properties.valuation("alder-1")


def test_a_price_that_nobody_keeps_is_not_waited_for_for_ever(server: Script) -> None:
    """As where the upkeep does not run."""
    server.answer = lambda request: (
        _made() if request.path.endswith("valuation") else Reply(200, prediction())
    )

    with Client(server.url, KEY, timeout_s=1) as client, pytest.raises(NotFinished):
        client.properties.valuation("alder-1")


def test_lists_are_read_page_by_page(server: Script, client: Client) -> None:
    """To their end, from the same server."""
    link = "https://elsewhere.example.org/v1/properties?cursor=x&limit=100"
    first = {"results": [_PUT], "next": link}
    server.replies = [Reply(200, first), Reply(200, {"results": [], "next": None})]
    moved = [_valuation(change=10), _valuation(change=None)]
    server.replies += [Reply(200, {"results": moved, "next": None})]

    listed = [*client.properties.list()]
    history = [*client.properties.history("alder-1")]

    assert [one.id for one in listed] == ["alder-1"]
    assert [one.change for one in history] == [10, None]
    assert [one.path for one in server.requests] == [
        "/v1/properties?limit=100",
        "/v1/properties?cursor=x&limit=100",
        "/v1/properties/alder-1/valuations?limit=100",
    ]


def test_what_is_no_answer_of_the_api_is_told(server: Script, client: Client) -> None:
    """As where another server is at the address."""
    server.answer = lambda _: Reply(200, {"hello": "world"})

    with pytest.raises(ApiError):
        client.properties.get("alder-1")
    with pytest.raises(ApiError):
        [*client.properties.list()]


def test_properties_are_coroutines(server: Script) -> None:
    """Each verb of them can be awaited."""

    async def use() -> list[Any]:
        async with AsyncClient(server.url, KEY) as client:
            server.replies = [Reply(201, _PUT), Reply(200, _PUT), Reply(204, b"")]
            found: list[Any] = [await client.properties.put("alder-1", HOUSE)]
            found.append(await client.properties.get("alder-1"))
            await client.properties.delete("alder-1")
            pages = [{"results": [one], "next": None} for one in (_PUT, _valuation())]
            server.replies = [*(Reply(200, page) for page in pages)]
            server.replies += [Reply(200, _valuation())]
            found += await client.properties.list()
            found += await client.properties.history("alder-1")
            return [*found, await client.properties.valuation("alder-1")]

    found = asyncio.run(use())

    assert [type(one).__name__ for one in found] == ["Property"] * 3 + ["Valuation"] * 2

"""Laws of the coroutines."""

import asyncio
import copy
import inspect
import io
import threading
import time
from http.client import HTTPConnection
from typing import Any

import pytest

from api.client import ApiError, Client, Prediction
from api.client.async_batches import AsyncBatches
from api.client.async_client import AsyncClient
from api.client.async_properties import AsyncProperties
from api.client.batches import Batches
from api.client.properties import Properties
from tests.api.client.script import (
    DROPPED,
    HOUSE,
    KEY,
    Reply,
    Request,
    Script,
    created,
    prediction,
)
from tests.api.conftest import OUTPUT

#: What a client has that is no verb.
_NO_VERBS = {"branch"}


def test_coroutines_do_the_same(server: Script) -> None:
    """Each verb of the client can be awaited."""
    server.answer = lambda request: (
        Reply(body={"results": [prediction()], "next": None})
        if "limit" in request.path
        else created()
    )

    async def use() -> list[Prediction]:
        async with AsyncClient(server.url, KEY) as client:
            priced = await asyncio.gather(*(client.price(HOUSE) for _ in range(5)))
            several = await client.price([HOUSE, HOUSE])
            waited = await client.wait(await client.submit(HOUSE))
            ended = [await client.cancel("p1"), await client.retry("p1")]
            await client.delete("p1")
            read = [await client.get("p1"), *await client.list(status="succeeded")]
            return [*priced, *several, waited, *ended, *read]

    found = asyncio.run(use())

    assert {one.price for one in found} == {OUTPUT["price"]}
    assert len(found) == 12


@pytest.mark.parametrize(
    ("kind", "coroutines_of"),
    [
        (Client, AsyncClient),
        (Batches, AsyncBatches),
        (Properties, AsyncProperties),
    ],
)
def test_each_verb_is_a_coroutine_with_the_same_arguments(
    kind: type, coroutines_of: type
) -> None:
    """None is missing."""
    verbs = {
        name: inspect.signature(verb)
        for name, verb in inspect.getmembers(kind, inspect.isfunction)
        if name[0] != "_" and name not in _NO_VERBS
    }
    coroutines = {
        name: inspect.signature(verb)
        for name, verb in inspect.getmembers(coroutines_of, inspect.iscoroutinefunction)
        if name[0] != "_"
    }

    assert coroutines.keys() == verbs.keys()
    for name, verb in verbs.items():
        assert [*coroutines[name].parameters] == [*verb.parameters]


def test_no_verb_is_made_up_from_whatever_name_is_asked_for() -> None:
    """A misspelled one is an error at once."""
    assert not hasattr(AsyncClient("http://prices.example.org", KEY), "prise")


def test_batches_are_coroutines(server: Script) -> None:
    """Each verb of them can be awaited."""
    counts = {"total": 1, "completed": 1, "failed": 0}
    raw: dict[str, Any] = {
        "id": "bat_1",
        "purpose": "predictions",
        "status": "completed",
        "version": "v1",
        "rows_per_s": None,
    }
    raw |= dict.fromkeys(["failed_because", "stored_at", "expires_at"])
    raw = {**raw, "request_counts": counts, "estimated_end": None}

    def answer(request: Request) -> Reply:
        if request.path.endswith(("results", "errors")):
            return Reply(body=b"{}\n")
        is_list = request.path.endswith("limit=100")
        return Reply(body={"results": [raw], "next": None} if is_list else raw)

    server.answer = answer
    prices, errors = io.BytesIO(), io.BytesIO()

    async def use() -> set[str]:
        async with AsyncClient(server.url, KEY) as client:
            seen = await client.batches.submit(io.BytesIO(b"{}\n"))
            seen = await client.batches.submit_properties(b"{}\n")
            await client.batches.results(seen, prices)
            await client.batches.errors(seen, errors)
            ended = [await client.batches.get(seen), await client.batches.cancel(seen)]
            ended += [*await client.batches.list(), await client.batches.wait(seen)]
            await client.batches.delete(seen)
            return {one.id for one in [seen, *ended]}

    assert asyncio.run(use()) == {"bat_1"}
    assert prices.getvalue() == errors.getvalue() == b"{}\n"


def test_coroutines_are_under_way_together(server: Script) -> None:
    """As many as `concurrency` says, whatever the event loop does with its threads."""
    together = threading.Barrier(24, timeout=30)

    def answer(_: Request) -> Reply:
        together.wait()
        return created()

    server.answer = answer

    async def use() -> list[Prediction]:
        async with AsyncClient(server.url, KEY, concurrency=24) as client:
            return await asyncio.gather(*(client.price(HOUSE) for _ in range(24)))

    assert len(asyncio.run(use())) == 24


@pytest.mark.parametrize("houses", [HOUSE, [HOUSE] * 100])
def test_a_coroutine_that_is_canceled_ends_its_call(
    server: Script, houses: Any
) -> None:
    """The event loop need not wait for it, and other calls are left alone."""
    asked, done = threading.Event(), threading.Event()

    def answer(request: Request) -> Reply:
        if request.method == "GET":
            return Reply(body=prediction())
        asked.set()
        done.wait(60)
        return DROPPED

    server.answer = answer

    async def use() -> None:
        async with AsyncClient(server.url, KEY, timeout_s=60) as client:
            call = asyncio.create_task(client.price(houses))
            await asyncio.to_thread(asked.wait, 30)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(call, 0.01)
            assert (await client.get("p1")).id == "p1"

    begun = time.monotonic()
    asyncio.run(use())
    ours = [one for one in threading.enumerate() if one.name.startswith("ThreadPool")]
    for thread in ours:
        thread.join(30)
    done.set()

    assert time.monotonic() - begun < 30  # the call would last 60 seconds


def test_the_attributes_are_those_of_the_client(server: Script) -> None:
    """Address and times can be read, and `connect` makes the connections."""
    server.answer = lambda _: Reply(body=prediction())
    made: list[HTTPConnection] = []

    async def use() -> None:
        async with AsyncClient(server.url, KEY, timeout_s=5, concurrency=3) as client:
            assert (client.url, client.timeout_s) == (server.url, 5)
            assert client.concurrency == 3
            assert copy.copy(client).url == server.url
            before = client.connect

            def connect() -> HTTPConnection:
                made.append(before())
                return made[-1]

            client.connect = connect
            await client.get("p1")

    asyncio.run(use())

    assert len(made) == 1


def test_an_error_is_raised_where_it_is_awaited(server: Script) -> None:
    """As from the client."""
    server.answer = lambda _: Reply(404, {"title": "No such prediction"})

    async def use() -> None:
        async with AsyncClient(server.url, KEY) as client:
            await client.get("p1")

    with pytest.raises(ApiError, match="No such prediction"):
        asyncio.run(use())

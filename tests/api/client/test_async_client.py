"""Laws of the coroutines."""

import asyncio
from typing import Any

from api.client.async_client import AsyncClient
from tests.api.client.script import (
    HOUSE,
    KEY,
    Reply,
    Script,
    created,
    prediction,
)
from tests.api.conftest import OUTPUT


def test_coroutines_do_the_same(server: Script) -> None:
    """Each verb of the client can be awaited."""
    server.answer = lambda request: (
        Reply(body={"results": [prediction()], "next": None})
        if "limit" in request.path
        else created()
    )

    async def use() -> list[Any]:
        async with AsyncClient(server.url, KEY) as client:
            priced = await asyncio.gather(*(client.price(HOUSE) for _ in range(5)))
            return [*priced, await client.get("p1"), *await client.list()]

    assert {one.price for one in asyncio.run(use())} == {OUTPUT["price"]}

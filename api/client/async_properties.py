"""The properties of the API as coroutines."""

from collections.abc import Sequence
from typing import Unpack

from .async_batches import Run
from .houses import House, Row
from .properties import Property, PropertyOptions, Valuation


class AsyncProperties:
    """The verbs of `Client.properties` as coroutines; `AsyncClient.properties` is one.

    Args:
        run: Of the client.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    async def put(
        self, property_id: str, house: House | Row, **options: Unpack[PropertyOptions]
    ) -> Property:
        """Keep a house under an id of yours; see `Properties.put`."""
        return await self._run(
            lambda client: client.properties.put(property_id, house, **options)
        )

    async def get(self, property_id: str) -> Property:
        """Read a property; see `Properties.get`."""
        return await self._run(lambda client: client.properties.get(property_id))

    async def delete(self, property_id: str) -> None:
        """Have a property removed; see `Properties.delete`."""
        await self._run(lambda client: client.properties.delete(property_id))

    async def list(self) -> Sequence[Property]:
        """Return your properties, all pages of them; see `Properties.list`."""
        return await self._run(lambda client: [*client.properties.list()])

    async def history(self, property_id: str) -> Sequence[Valuation]:
        """Return the prices that a property had; see `Properties.history`."""
        return await self._run(lambda client: [*client.properties.history(property_id)])

    async def valuation(self, property_id: str, *, refresh: bool = False) -> Valuation:
        """Return the price that is kept; see `Properties.valuation`."""
        return await self._run(
            lambda client: client.properties.valuation(property_id, refresh=refresh)
        )

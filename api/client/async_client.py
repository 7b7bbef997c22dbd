"""The client as coroutines."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar, Unpack, overload

from .async_batches import AsyncBatches
from .async_properties import AsyncProperties
from .client import Client
from .houses import House, Row
from .line import Connect
from .prediction import Prediction
from .sales import Sale
from .verbs import (
    Filters,
    GivenTable,
    Houses,
    Keep,
    ManyOptions,
    OneOptions,
    Priced,
    Raise,
    SubmitOptions,
)

_T = TypeVar("_T")


class AsyncClient:
    """The verbs of `Client` as coroutines; each call runs in a thread.

    A coroutine that is canceled, as by `asyncio.wait_for`, ends its call: the thread is
    free again at once. Whether a submit was taken is then unknown.

    Args:
        url: As of `Client`.
        key: As of `Client`.
        timeout_s: As of `Client`.
        concurrency: Calls that are under way at a time; further ones wait. A call for
            several houses has as many of them under way.

    Raises:
        ValueError: URL or key is none.
    """

    def __init__(
        self, url: str, key: str, *, timeout_s: float = 60.0, concurrency: int = 16
    ) -> None:
        options: dict[str, Any] = {"timeout_s": timeout_s, "concurrency": concurrency}
        self._client = Client(url, key, **options)
        self._threads = ThreadPoolExecutor(concurrency)

    @property
    def url(self) -> str:
        """The address."""
        return self._client.url

    @property
    def timeout_s(self) -> float:
        """Seconds that a call may take in all."""
        return self._client.timeout_s

    @property
    def concurrency(self) -> int:
        """Calls that are under way at a time."""
        return self._client.concurrency

    @property
    def connect(self) -> Connect:
        """What makes a connection; set another one for a proxy or TLS of yours."""
        return self._client.connect

    @connect.setter
    def connect(self, connect: Connect) -> None:
        self._client.connect = connect

    @property
    def batches(self) -> AsyncBatches:
        """What the API does with many houses as one piece of work."""
        return AsyncBatches(self._run)

    @property
    def properties(self) -> AsyncProperties:
        """What the API does with houses whose prices are kept ready."""
        return AsyncProperties(self._run)

    async def submit(
        self, house: House | Row, **options: Unpack[SubmitOptions]
    ) -> Prediction:
        """Submit a house; see `Client.submit`."""
        return await self._run(lambda client: client.submit(house, **options))

    async def get(self, prediction: Prediction | str) -> Prediction:
        """Read a prediction; see `Client.get`."""
        return await self._run(lambda client: client.get(prediction))

    async def wait(
        self, prediction: Prediction | str, *, timeout_s: float | None = None
    ) -> Prediction:
        """Return a prediction once it has ended; see `Client.wait`."""
        return await self._run(
            lambda client: client.wait(prediction, timeout_s=timeout_s)
        )

    async def cancel(self, prediction: Prediction | str) -> Prediction:
        """Cancel a prediction; see `Client.cancel`."""
        return await self._run(lambda client: client.cancel(prediction))

    async def retry(self, prediction: Prediction | str) -> Prediction:
        """Have a prediction priced anew; see `Client.retry`."""
        return await self._run(lambda client: client.retry(prediction))

    async def delete(self, prediction: Prediction | str) -> None:
        """Have the house and its price removed; see `Client.delete`."""
        await self._run(lambda client: client.delete(prediction))

    async def model(self, version: str = "champion") -> dict[str, Any]:
        """Return the card of a model version; see `Client.model`."""
        return await self._run(lambda client: client.model(version))

    async def webhook_secret(self) -> str:
        """Return the secret of submits' own webhooks; see `Client.webhook_secret`."""
        return await self._run(lambda client: client.webhook_secret())

    async def outcomes(self, sales: Iterable[Sale]) -> Sequence[dict[str, Any]]:
        """Tell what houses were sold for; see `Client.outcomes`."""
        return await self._run(lambda client: client.outcomes(sales))

    async def withdraw(self, outcome_id: str) -> None:
        """Have all that was told of a sale removed; see `Client.withdraw`."""
        await self._run(lambda client: client.withdraw(outcome_id))

    async def list(self, **filters: Unpack[Filters]) -> Sequence[Prediction]:
        """Return predictions, all pages of them; see `Client.list`."""
        return await self._run(lambda client: [*client.list(**filters)])

    @overload
    async def price(
        self,
        houses: GivenTable,
        *,
        errors: Raise | Keep = ...,
        **more: Unpack[ManyOptions],
    ) -> GivenTable: ...
    @overload
    async def price(
        self, houses: House | Row, *, errors: Raise = ..., **more: Unpack[OneOptions]
    ) -> Prediction: ...
    @overload
    async def price(
        self, houses: House | Row, *, errors: Keep, **more: Unpack[OneOptions]
    ) -> Priced: ...
    @overload
    async def price(
        self,
        houses: Houses,
        *,
        errors: Raise = ...,
        **more: Unpack[ManyOptions],
    ) -> Sequence[Prediction]: ...
    @overload
    async def price(
        self,
        houses: Houses,
        *,
        errors: Keep,
        **more: Unpack[ManyOptions],
    ) -> Sequence[Priced]: ...
    async def price(self, houses: Any, *, errors: Any = "raise", **more: Any) -> Any:
        """Submit and wait for the prices; see `Client.price`."""
        return await self._run(
            lambda client: client.price(houses, errors=errors, **more)
        )

    async def close(self) -> None:
        """Close all connections; calls under way end with an error, as later ones."""
        self._client.close()
        self._threads.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run(self, verb: Callable[[Client], _T]) -> _T:
        """Run a verb in a thread, and end it when nobody awaits it any more."""
        loop = asyncio.get_running_loop()
        with self._client.branch() as client:
            return await loop.run_in_executor(self._threads, verb, client)

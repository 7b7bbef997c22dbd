"""The batches of the API as coroutines."""

from collections.abc import Awaitable, Callable, Sequence
from typing import BinaryIO, Protocol, TypeVar, Unpack

from .batches import NDJSON, BatchOptions, ImportOptions, SubmittedBatch
from .client import Client

_T = TypeVar("_T")


class Run(Protocol):
    """Runs a verb of a client in a thread, and ends it when nobody awaits it."""

    def __call__(self, verb: Callable[[Client], _T], /) -> Awaitable[_T]:
        """Return what the verb does."""


class AsyncBatches:
    """The verbs of `Client.batches` as coroutines; `AsyncClient.batches` makes one.

    Args:
        run: Of the client.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    async def submit(
        self,
        rows: bytes | BinaryIO,
        form: str = NDJSON,
        **options: Unpack[BatchOptions],
    ) -> SubmittedBatch:
        """Submit houses; see `Batches.submit`."""
        return await self._run(
            lambda client: client.batches.submit(rows, form, **options)
        )

    async def submit_properties(
        self,
        rows: bytes | BinaryIO,
        form: str = NDJSON,
        **options: Unpack[ImportOptions],
    ) -> SubmittedBatch:
        """Have houses kept as properties; see `Batches.submit_properties`."""
        return await self._run(
            lambda client: client.batches.submit_properties(rows, form, **options)
        )

    async def list(self) -> Sequence[SubmittedBatch]:
        """Return your batches, all pages of them; see `Batches.list`."""
        return await self._run(lambda client: [*client.batches.list()])

    async def get(self, batch: SubmittedBatch | str) -> SubmittedBatch:
        """Read how far a batch is; see `Batches.get`."""
        return await self._run(lambda client: client.batches.get(batch))

    async def wait(
        self, batch: SubmittedBatch | str, *, timeout_s: float | None = None
    ) -> SubmittedBatch:
        """Return a batch once it is done; see `Batches.wait`."""
        return await self._run(
            lambda client: client.batches.wait(batch, timeout_s=timeout_s)
        )

    async def cancel(self, batch: SubmittedBatch | str) -> SubmittedBatch:
        """End what has not ended of a batch; see `Batches.cancel`."""
        return await self._run(lambda client: client.batches.cancel(batch))

    async def delete(self, batch: SubmittedBatch | str) -> None:
        """Have a batch, its rows and its prices removed; see `Batches.delete`."""
        await self._run(lambda client: client.batches.delete(batch))

    async def results(
        self, batch: SubmittedBatch | str, file: BinaryIO, form: str = NDJSON
    ) -> None:
        """Write the prices of a batch to a file; see `Batches.results`."""
        await self._run(lambda client: client.batches.results(batch, file, form))

    async def errors(
        self, batch: SubmittedBatch | str, file: BinaryIO, form: str = NDJSON
    ) -> None:
        """Write what is wrong with rows of a batch; see `Batches.errors`."""
        await self._run(lambda client: client.batches.errors(batch, file, form))

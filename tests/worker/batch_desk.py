"""Batches as their front desk takes them, for the tests of what works on them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import redis as redis_py

from model_store.store import ModelStore
from worker.batch import Batch
from worker.batch_files import BatchFiles
from worker.batches import Batches, BatchSubmission, new_id
from worker.settings import WorkerSettings


class Desk:
    """Takes batches whose rows it writes.

    Args:
        redis: Where they are queued.
        store: Whose champion prices them.
        folder: Where their files are.
        more: Further settings.
    """

    def __init__(
        self, redis: redis_py.Redis, store: ModelStore, folder: Path, **more: Any
    ) -> None:
        self.settings = WorkerSettings(batches_url=str(folder), **more)
        self.files = BatchFiles(str(folder))
        self.batches = Batches(redis, self.settings)
        self.card = store.card(store.resolve("champion"))

    def house(self, **changes: Any) -> dict[str, Any]:
        """Return a house, with some features changed."""
        return self.card.schema.example | changes

    def submit(self, rows: Sequence[Any], *, chunk_rows: int = 2, **more: Any) -> str:
        """Take a batch of rows as JSON has them; return its id."""
        batch_id = new_id()
        lines = [(at, orjson.dumps(row)) for at, row in enumerate(rows, 1)]
        for first in range(0, len(lines), chunk_rows):
            part = lines[first : first + chunk_rows]
            self.files.write_rows(batch_id, first // chunk_rows + 1, part)
        fields: dict[str, Any] = {
            "id": batch_id,
            "tenant": "acme",
            "model": self.card.name,
            "version": self.card.version,
            "alias": "champion",
            "rows": len(rows),
            "chunk_rows": chunk_rows,
            "columns": None,
            "metadata": b"{}",
            "fingerprint": "",
            "idempotency_key": None,
            "meter": None,
        }
        self.batches.submit(BatchSubmission(**(fields | more)))
        return batch_id

    def find(self, batch_id: str) -> Batch:
        """Return a batch as it is now."""
        return self.batches.find("acme", batch_id)

    def prices(self, batch_id: str, chunk: int = 1) -> list[Any]:
        """Return the prices of a chunk."""
        attempt = int(self.find(batch_id).chunks[chunk - 1])
        lines = self.files.prices(batch_id, chunk, attempt).splitlines()
        return [orjson.loads(line) for line in lines]

    def refusals(self, batch_id: str, chunk: int = 1) -> list[Any]:
        """Return the refusals of a chunk."""
        attempt = int(self.find(batch_id).chunks[chunk - 1])
        lines = self.files.refusals(batch_id, chunk, attempt).splitlines()
        return [orjson.loads(line) for line in lines]

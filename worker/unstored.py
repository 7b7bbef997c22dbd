"""Batches whose prices go into the archive, and how far that is of each."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import redis
from redis.exceptions import OutOfMemoryError

from worker import keys
from worker.batch import ENDED, Batch
from worker.batch_files import made_ms
from worker.ledger import Ledger
from worker.settings import WorkerSettings

#: What is counted of a revaluation while it is stored: houses that had a price before,
#: those of them whose price has changed much, and what all of them were and are worth.
COUNTS = ("compared", "moved", "value_before", "value_after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unstored:
    """A batch that is to be stored, as the ledger knew it at one instant."""

    batch: Batch
    tenant: str
    max_age_s: int | None
    #: How many chunks, from the first one on, are stored.
    chunks_stored: int
    #: When the newest price of these was made, in ms since the epoch; 0: none is.
    valued_ms: int
    #: Each of `COUNTS`.
    counts: Mapping[str, float]

    @classmethod
    def from_record(cls, batch_id: str, record: Mapping[bytes, bytes]) -> Self:
        """Read it from its batch's ledger hash."""
        return cls(
            batch=Batch.from_record(batch_id, record),
            tenant=record[b"tenant"].decode(),
            max_age_s=int(record.get(b"max_age_s", 0)) or None,
            chunks_stored=int(record[b"chunks_stored"]),
            valued_ms=int(record.get(b"valued", 0)),
            counts={name: float(record.get(name.encode(), 0)) for name in COUNTS},
        )

    @property
    def told_ms(self) -> int:
        """Return when its client sent it, by the clock that other changes bear."""
        return made_ms(self.batch.id)

    def ready(self) -> Iterator[tuple[int, str]]:
        """Yield number and end of each chunk that can be stored now, in order."""
        for number, end in enumerate(self.batch.chunks, 1):
            if not end:
                return
            if number > self.chunks_stored:
                yield number, end

    @property
    def is_over(self) -> bool:
        """Tell whether nothing of it is left to be stored."""
        is_stored = self.chunks_stored == len(self.batch.chunks)
        return is_stored and self.batch.status in ENDED


class UnstoredBatches:
    """All batches that are to be stored, of whatever tenants.

    Every verb passes `redis.RedisError` through when Redis cannot be reached.
    """

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        self._redis: Any = client
        self._ledger = Ledger(client, settings)

    def all(self) -> list[Unstored]:
        """Return them, the oldest first."""
        ids = sorted(one.decode() for one in self._redis.smembers(keys.UNSTORED))
        pipe = self._redis.pipeline(transaction=False)
        for batch_id in ids:
            pipe.hgetall(keys.batch_key(batch_id))
        return [
            Unstored.from_record(batch_id, record)
            for batch_id, record in zip(ids, pipe.execute(), strict=True)
            if record
        ]

    def find(self, batch_id: str) -> Unstored | None:
        """Return one as it is now; None where there is none of that id."""
        record = self._redis.hgetall(keys.batch_key(batch_id))
        return Unstored.from_record(batch_id, record) if record else None

    def priced_ms(self, one: Unstored, number: int) -> int:
        """Return when a chunk was priced, or when another was, where nobody knows."""
        job = keys.job_key(f"{one.batch.id}-{number}")
        told = self._redis.hget(job, "completed") or one.batch.settled_ms
        return int(told or one.batch.created_ms)

    def note(
        self,
        one: Unstored,
        number: int,
        rows: int,
        valued_ms: int,
        counts: Mapping[str, float],
    ) -> None:
        """Write down that the next chunk is stored; once, however often it is told.

        Args:
            one: The batch.
            number: Of the chunk.
            rows: How many of its rows are stored.
            valued_ms: When, in ms since the epoch, the newest of all so far was priced.
            counts: By how much some of `COUNTS` grow.
        """
        grown = [part for pair in counts.items() for part in pair]
        self._ledger.run("stored", one.batch.id, number, rows, valued_ms, *grown)

    def unread_ms(self, batch_id: str) -> int:
        """Note that files of a batch cannot be read; tell for how many ms it is so."""
        return int(self._ledger.run("unread", batch_id))

    def note_lost(self) -> None:
        """Count a chunk whose prices will never be stored."""
        # A full server counts nothing more, and goes on.
        with contextlib.suppress(OutOfMemoryError):
            self._redis.hincrby(keys.BATCH_TOTALS, "chunks_lost", 1)

    def let_go(self, batch_id: str) -> None:
        """Have a batch forgotten after its time, as nothing of it is to be stored."""
        self._ledger.run("all_stored", batch_id)

"""The feed of the archive: who reads it, what is in hand, what has been settled."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import redis
from redis.exceptions import OutOfMemoryError, ResponseError

from worker.jobs import State
from worker.keys import ARCHIVISTS, FEED, deleted_for, job_key, tombstone_key
from worker.ledger import Ledger
from worker.settings import WorkerSettings

#: Milliseconds that a reader waits inside Redis for what comes next.
_WAIT_MS = 2000
#: Milliseconds after which a reader that is gone and left nothing is forgotten.
_FORGOTTEN_MS = 3_600_000
_FIRST = b"0-0"
#: States in which something has ended.
ENDED = {state.encode() for state in State if state.is_terminal}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that the archive is to take up."""

    id: bytes
    #: A job that has ended, that has changed since, or that was deleted.
    job_id: str | None
    #: Whose it was, where it was deleted.
    erased_for: str | None
    #: A delivery that told its webhook once more and has ended, after it left Redis.
    delivery: str | None
    #: An action of an operator, as JSON.
    audit: bytes | None

    @classmethod
    def from_fields(cls, entry_id: bytes, fields: Mapping[bytes, bytes]) -> Self:
        """Read what a script or the audit log wrote."""
        names = (b"job", b"erased", b"delivery")
        job, tenant, delivery = (
            fields[name].decode() if name in fields else None for name in names
        )
        return cls(entry_id, job, tenant, delivery, fields.get(b"audit"))


@dataclass(frozen=True, slots=True)
class Look:
    """A job as it is when it is about to be archived."""

    #: Its ledger hash; empty where it has none.
    record: Mapping[bytes, bytes]
    #: Whose it was, where it was deleted of late.
    erased_for: str | None


@dataclass(frozen=True, slots=True)
class Settled:
    """An entry that has been taken up; of a job that was written, as it was then."""

    entry: Entry
    record: Mapping[bytes, bytes] | None = None

    def arguments(self) -> Iterator[Any]:
        """Yield what the script compares."""
        yield self.entry.id
        if self.record is None:
            yield from ("", "", "")
        else:
            yield self.entry.job_id
            yield self.record[b"sequence"]
            yield self.record.get(b"webhook_status", b"")


class Feed:
    """The feed, for one of those who read it.

    Every verb passes `redis.RedisError` through when Redis cannot be reached.

    Args:
        client: Where it is.
        settings: How long things last.
        reader: The one name of this reader.
    """

    def __init__(
        self, client: redis.Redis, settings: WorkerSettings, *, reader: str
    ) -> None:
        self._redis: Any = client
        self._settings = settings
        self._ledger = Ledger(client, settings)
        self._reader = reader
        #: The entry from which others' are looked at next.
        self._inherits_from = _FIRST

    def open(self) -> None:
        """Make the feed, if there is none: from now on what ends is written to it."""
        try:
            self._redis.xgroup_create(FEED, ARCHIVISTS, id="0", mkstream=True)
        except OutOfMemoryError:
            # A full server refuses even what is there; and reading makes it less full.
            if not self._redis.exists(FEED):
                raise
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def next(self, limit: int) -> list[Entry]:
        """Take up to `limit` entries that nobody has had; wait for one to come."""
        answer = self._redis.xreadgroup(
            ARCHIVISTS, self._reader, {FEED: ">"}, count=limit, block=_WAIT_MS
        )
        return [Entry.from_fields(*one) for _, entries in answer for one in entries]

    def inherited(self, limit: int) -> list[Entry]:
        """Take what another has had in hand for a lease: it must be gone.

        An entry is nobody's loss: who was only slow writes the same. Each call goes on
        where the last one ended: it looks at some only, of those in hand.
        """
        held_ms = int(self._settings.lease_s * 1000)
        args = (held_ms, _FORGOTTEN_MS, limit, self._inherits_from)
        self._inherits_from, left = self._ledger.run(
            "inherit", ARCHIVISTS, self._reader, *args
        )
        return [
            Entry.from_fields(entry_id, dict(zip(told[::2], told[1::2], strict=True)))
            for entry_id, told in left
        ]

    def look(self, job_ids: Sequence[str]) -> dict[str, Look]:
        """Return jobs as they are now."""
        pipe = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hgetall(job_key(job_id))
            pipe.get(tombstone_key(job_id))
        answers = iter(pipe.execute())
        return {
            job_id: Look(next(answers), deleted_for(next(answers)))
            for job_id in job_ids
        }

    def ends_told(self, deliveries: Sequence[str]) -> dict[str, tuple[int, bool]]:
        """Return of deliveries that have ended of which end of a job they told.

        That is the job's sequence then, and whether the receiver took it.
        """
        pipe = self._redis.pipeline(transaction=False)
        for delivery in deliveries:
            pipe.hmget(job_key(delivery), "state", "job:sequence")
        answers = zip(deliveries, pipe.execute(), strict=True)
        return {
            delivery: (int(sequence), state == b"succeeded")
            for delivery, (state, sequence) in answers
            if state in ENDED and sequence
        }

    def settle(self, settled: Sequence[Settled]) -> set[bytes]:
        """Take entries out of the feed and let records go that have been archived.

        Returns:
            Ids of those whose job has changed since it was read: they stay.
        """
        args = [part for one in settled for part in one.arguments()]
        window_s = self._settings.archive_window_s
        known_s = self._settings.idempotency_ttl_s
        return set(self._ledger.run("archived", ARCHIVISTS, window_s, known_s, *args))

    def erase(self, deliveries: Sequence[str]) -> None:
        """Take the house and the price out of deliveries of a job that was deleted."""
        self._ledger.run("erase", *deliveries)

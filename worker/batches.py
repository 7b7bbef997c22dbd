"""Many houses at once: all that a client of the service can do to a batch.

Redis holds a record and a job for each chunk, rows and results are files.
"""

import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import redis

from worker import keys, ledger
from worker.admission import Admission, told
from worker.batch import Batch, Purpose
from worker.errors import IdempotencyMismatch, UnknownJob
from worker.limits import Allowance, Meter
from worker.settings import WorkerSettings

#: Open chunks, at most, where nobody counts them.
_ANY_NUMBER = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSubmission:
    """A batch whose rows lie in its files."""

    id: str
    tenant: str
    #: Model name, for the reader, and the version that will price it.
    model: str
    version: str
    purpose: Purpose = "predictions"
    #: Alias by which the version was named; None where it was named by its id.
    alias: str | None
    rows: int
    chunk_rows: int
    #: Names of a table's columns; None where rows are objects.
    columns: Sequence[str] | None
    metadata: bytes
    #: Time from now after which its prices are of no use; None: none.
    deadline_ms: int | None = None
    #: Rows that may have an error; with more all of it ends. None: as many as will.
    error_threshold: int | None = None
    #: Seconds for which a valuation of properties that are imported is fresh.
    max_age_s: int | None = None
    #: Where its client wants to be told of its end.
    webhook: str | None = None
    #: Hash of what makes this request what it is, for the comparison of repeats.
    fingerprint: str
    idempotency_key: str | None
    meter: Meter | None


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """A batch that was taken, now or by an earlier request with the same key."""

    batch: Batch
    replayed: bool
    #: What is left of the rate limit of the key; None where nobody counts.
    allowance: Allowance | None


@dataclass(frozen=True, slots=True)
class BatchPage:
    """Batches, newest first, and the id that older ones follow, if there are any."""

    batches: Sequence[Batch]
    next: str | None


class Batches:
    """All that a tenant can do to its batches.

    Every verb passes `redis.RedisError` through when Redis cannot be reached; a submit
    that ended so may or may not have been taken.
    """

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        self._redis: Any = client
        self._settings = settings
        self._ledger = ledger.Ledger(client, settings)
        # A batch waits for as long as it takes.
        self._admission = Admission(
            self._ledger, settings, quota=settings.batch_quota, longest_s=0
        )
        # One that no client asked for takes none of what its tenant may.
        self._of_service = Admission(
            self._ledger, settings, quota=_ANY_NUMBER, longest_s=0
        )

    def submit(self, submission: BatchSubmission) -> BatchReceipt:
        """Take a batch: its record and a job for each chunk, in one round trip.

        Raises:
            IdempotencyMismatch: The key was used with another batch.
            UnknownJob: This is a repeat, and the batch has been removed since.
            QueueRefusal: No batch is taken at the moment.
        """
        meter = submission.meter
        is_own = submission.purpose != "revaluation"
        admission = self._admission if is_own else self._of_service
        args = (*admission.limits(meter), *self._submit_args(submission))
        outcome, allowance, rest = admission.weighed("submit_batch", meter, args)
        if outcome == b"mismatch":
            raise told(allowance, IdempotencyMismatch(rest[0].decode()))
        if outcome == b"refused":
            raise admission.refusal(allowance, None, *rest)
        if outcome == b"replayed":
            batch = self.find(submission.tenant, rest[0].decode())
            return BatchReceipt(batch, replayed=True, allowance=allowance)
        batch = _new_batch(submission, *rest)
        return BatchReceipt(batch, replayed=False, allowance=allowance)

    def find(self, tenant: str, batch_id: str) -> Batch:
        """Return a batch as it is now.

        Raises:
            UnknownJob: There is none of this tenant, or its time is over.
        """
        (found,) = self._read([batch_id])
        if found is None or found[1][b"tenant"].decode() != tenant:
            raise UnknownJob
        return found[0]

    def page(self, tenant: str, *, limit: int, before: str | None) -> BatchPage:
        """Return some batches, newest first.

        Args:
            tenant: Whose.
            limit: How many, at most; those whose time is over are passed over, so that
                there may be fewer although more follow.
            before: Id of the batch that they are older than.
        """
        name = keys.batches_key(tenant)
        newest = f"({before}" if before else "+"
        # One more tells whether there is a page after this one.
        found = self._redis.zrevrangebylex(name, newest, "-", 0, limit + 1)
        ids = [one.decode() for one in found[:limit]]
        known = self._read(ids)
        gone = [one for one, batch in zip(ids, known, strict=True) if batch is None]
        if gone:
            self._redis.zrem(name, *gone)
        shown = [batch[0] for batch in known if batch is not None]
        return BatchPage(shown, ids[-1] if len(found) > limit else None)

    def cancel(self, tenant: str, batch_id: str) -> Batch:
        """End what is open of a batch at once; one that has ended is left as it is.

        Raises:
            UnknownJob: There is none of this tenant, or its time is over.
        """
        self._ledger.run("cancel_batch", batch_id, tenant, 0)
        return self.find(tenant, batch_id)

    def delete(self, tenant: str, batch_id: str) -> None:
        """Forget a batch, an open one after it was canceled; its files are left.

        Raises:
            UnknownJob: There is none of this tenant, or its time is over.
        """
        if self._ledger.run("cancel_batch", batch_id, tenant, 1) < 0:
            raise UnknownJob

    def note_out_of_reach(self) -> None:
        """Count a request that failed since files could not be read or written."""
        self._redis.hincrby(keys.BATCH_TOTALS, "out_of_reach", 1)

    def are_known(self, batch_ids: Sequence[str]) -> list[bool]:
        """Tell of batches whether each has a record."""
        pipe = self._redis.pipeline(transaction=False)
        for batch_id in batch_ids:
            pipe.exists(keys.batch_key(batch_id))
        return [bool(found) for found in pipe.execute()]

    def _read(
        self, ids: Sequence[str]
    ) -> list[tuple[Batch, Mapping[bytes, bytes]] | None]:
        pipe = self._redis.pipeline(transaction=False)
        for batch_id in ids:
            pipe.hgetall(keys.batch_key(batch_id))
            pipe.hget(keys.job_key(f"{batch_id}-1"), "started")
        answers = pipe.execute()
        pairs = zip(answers[::2], answers[1::2], strict=True)
        return [
            (Batch.from_record(batch_id, record, started), record) if record else None
            for batch_id, (record, started) in zip(ids, pairs, strict=True)
        ]

    def _submit_args(self, submission: BatchSubmission) -> list[Any]:
        key = submission.idempotency_key
        # Not one of the keys of predictions: the same name may be used for both.
        hashed = hashlib.sha256(f"batch {key}".encode()).hexdigest() if key else ""
        is_stored = submission.purpose != "predictions"
        said = {
            "purpose": submission.purpose if is_stored else None,
            "max_age_s": submission.max_age_s,
            "alias": submission.alias,
            "error_threshold": submission.error_threshold,
            "webhook": submission.webhook,
        }
        deadline_ms = submission.deadline_ms
        return [
            submission.id,
            submission.tenant,
            hashed,
            submission.fingerprint,
            self._settings.idempotency_ttl_s,
            submission.rows,
            submission.chunk_rows,
            orjson.dumps(submission.columns),
            "" if deadline_ms is None else deadline_ms,
            *("model", submission.model, "version", submission.version),
            *("metadata", submission.metadata),
            *(
                part
                for name, value in said.items()
                if value is not None
                for part in (name, value)
            ),
        ]


def new_id() -> str:
    """Return the id of a new batch: it begins with the time, so ids are in order."""
    return f"bat_{round(time.time() * 1000):012x}{secrets.token_hex(10)}"


def _new_batch(submission: BatchSubmission, now: int) -> Batch:
    deadline_ms = submission.deadline_ms
    return Batch(
        id=submission.id,
        model=submission.model,
        version=submission.version,
        purpose=submission.purpose,
        status="queued",
        rows=submission.rows,
        stored=None if submission.purpose == "predictions" else 0,
        created_ms=now,
        deadline_ms=None if deadline_ms is None else now + deadline_ms,
        error_threshold=submission.error_threshold,
        webhook=submission.webhook,
        metadata=submission.metadata,
        faults={},
    )

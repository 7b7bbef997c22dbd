"""The queue's front desk: all that a client of the service can do to a job."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import redis

from model_store.errors import ArchiveError
from worker import archived, keys, ledger
from worker.admission import Admission, told
from worker.errors import (
    IdempotencyMismatch,
    IdTaken,
    JobGone,
    NotRetryable,
    QueueError,
    UnknownJob,
)
from worker.jobs import Job, State, Submission, wants_end
from worker.limits import Allowance, Meter
from worker.settings import WorkerSettings
from worker.webhooks import event_types


@dataclass(frozen=True, slots=True)
class Receipt:
    """A job that was taken, now or by an earlier request with the same key."""

    job: Job
    replayed: bool
    #: What is left of the rate limit of the key; None where nobody counts.
    allowance: Allowance | None = None


class Queue:
    """All that a tenant can do to one job on lane `predictions`.

    Every verb passes `redis.RedisError` through when Redis cannot be reached; a submit
    that ended so may or may not have been taken.
    """

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        self._redis = client
        self._settings = settings
        self._ledger = ledger.Ledger(client, settings)
        self._admission = Admission(self._ledger, settings)
        self._archived = archived.of(settings)

    def submit(
        self, submission: Submission, *, traceparent: str | None = None
    ) -> Receipt:
        """Take a job: record and message in one script, one round trip.

        Args:
            submission: The job.
            traceparent: Its place in a trace, as `tracing.parsed` lets it pass.

        Raises:
            IdempotencyMismatch: The key was used with another body.
            IdTaken: The client's own id names another job, or another tenant's.
            JobGone: This is a repeat, and the job has been removed since.
            RateExceeded: The key has sent as many requests as it may.
            OpenJobsQuota: The tenant has as many open jobs as it may.
            LongWait: Its price would come too late.
            UnknownWait: Nobody knows whether it would come too late.
            QueueFull: As many jobs wait as may.
            MemoryFull: Redis is short of memory, or would evict jobs (RedisEvicts).
            ArchiveError: The archive may know it, and does not answer.
        """
        outcome, allowance, rest = self._submitted(submission, traceparent)
        if outcome == b"created":
            job = _new_job(submission, *rest)
            return Receipt(job, replayed=False, allowance=allowance)
        if outcome == b"replayed":
            job = self.find(submission.tenant, rest[0].decode())
            return Receipt(job, replayed=True, allowance=allowance)
        if outcome == b"mismatch":
            raise told(allowance, IdempotencyMismatch(rest[0].decode()))
        if outcome == b"taken":
            raise told(allowance, IdTaken())
        raise self._admission.refusal(allowance, submission.deadline_ms, *rest)

    def find(self, tenant: str, job_id: str) -> Job:
        """Return a job as it is now.

        Raises:
            UnknownJob: No such job, or another tenant's.
            JobGone: It ended and its record has been removed since.
            ArchiveError: It may have left Redis, and the archive does not answer.
        """
        record: Any = self._redis.hgetall(keys.job_key(job_id))
        if not record:
            return Job.from_record(job_id, self._left(tenant, job_id))
        job = Job.from_record(job_id, record)
        if job.tenant != tenant:
            raise UnknownJob
        if job.state is State.QUEUED:
            job = replace(job, position=self._position(job, int(record[b"sent"])))
        return job

    def cancel(self, tenant: str, job_id: str) -> Job:
        """End an open job at once and return it; one that has ended is left as it is.

        Raises:
            UnknownJob: No such job, or another tenant's.
            JobGone: It ended and its record has been removed since.
            ArchiveError: It may have left Redis, and the archive does not answer.
        """
        self._ledger.run("cancel", job_id, tenant)
        return self.find(tenant, job_id)

    def retry(
        self,
        tenant: str,
        job_id: str,
        *,
        deadline_ms: int | None = None,
        meter: Meter | None = None,
        traceparent: str | None = None,
    ) -> Receipt:
        """Let a failed or canceled job wait anew, under its id, and return it.

        Args:
            tenant: Whose job it must be.
            job_id: Which job.
            deadline_ms: Milliseconds from now after which the price is of no use.
            meter: By whose limit this counts.
            traceparent: Its new place in a trace.

        Raises:
            UnknownJob: No such job, or another tenant's.
            JobGone: It ended and its record has been removed since.
            NotRetryable: It is open, or it has its price.
            RateExceeded: The key has sent as many requests as it may.
            OpenJobsQuota: The tenant has as many open jobs as it may.
            LongWait: Its price would come too late.
            UnknownWait: Nobody knows whether it would come too late.
            QueueFull: As many jobs wait as may.
            MemoryFull: Redis is short of memory, or would evict jobs (RedisEvicts).
            ArchiveError: It may have left Redis, and the archive does not answer.
        """
        deadline = "" if deadline_ms is None else deadline_ms
        args = (*self._admission.limits(meter), job_id, tenant, deadline)
        more = _traced(traceparent)
        outcome, allowance, rest = self._admission.weighed(
            "retry", meter, (*args, 0, *more)
        )
        if outcome == b"unknown":
            record = self._left(tenant, job_id)
            fields = [part for pair in record.items() for part in pair]
            args = (*args, len(fields), *fields, *more)
            outcome, allowance, rest = self._admission.weighed("retry", meter, args)
        if outcome == b"unknown":
            raise self._missing(tenant, job_id)
        if outcome == b"not_retryable":
            raise NotRetryable(rest[0].decode())
        if outcome == b"refused":
            raise self._admission.refusal(allowance, deadline_ms, *rest)
        job = self.find(tenant, job_id)
        return Receipt(job, replayed=False, allowance=allowance)

    def delete(self, tenant: str, job_id: str) -> None:
        """Erase what a job was given and gave; an open one is canceled first.

        What was deleted before, or removed after its time, stays as it is.

        Raises:
            UnknownJob: No such job, or another tenant's.
            ArchiveError: Nothing but the archive may know it, which does not answer;
                or nobody would tell it.
        """
        if self._ledger.delete(job_id, tenant) >= 0:
            return
        record = self._archived and self._archived.record(tenant, job_id)
        if not record:
            raise UnknownJob
        self._ledger.delete(job_id, tenant, archived_ms=record[b"completed"])

    def write_probe(self) -> None:
        """Prove that Redis answers and takes writes.

        Raises:
            redis.RedisError: It does not.
        """
        self._redis.set(keys.PROBE, "1", ex=60)

    def _submitted(
        self, submission: Submission, traceparent: str | None
    ) -> tuple[bytes, Allowance | None, Sequence[Any]]:
        """Run the script of a submit; ask the archive where Redis does not know."""

        def run(verdict: str) -> tuple[bytes, Allowance | None, Sequence[Any]]:
            args = self._submit_args(submission, verdict) + _traced(traceparent)
            return self._admission.weighed("submit", submission.meter, args)

        if not submission.id_is_clients:
            return run("")
        if self._archived is None:
            return run("new")
        outcome, allowance, rest = run("ask")
        if outcome != b"ask":
            return outcome, allowance, rest
        return run(_verdict(self._archived, submission, was_job=bool(rest[0])))

    def _submit_args(self, submission: Submission, verdict: str) -> list[Any]:
        key = submission.idempotency_key
        # What was not asked for is not written: an absent field costs no memory.
        asked = ["explain", 1] if submission.explain else []
        if submission.property_id is not None:
            asked += ["property", submission.property_id]
        if submission.alias is not None:
            asked += ["alias", submission.alias]
        if submission.webhook is not None:
            asked += _webhook_fields(submission.webhook, submission.webhook_filter)
        if submission.id_is_clients:
            asked += ["fingerprint", submission.fingerprint]
        return [
            *self._admission.limits(submission.meter),
            submission.id,
            keys.PREDICTIONS,
            submission.tenant,
            hashlib.sha256(key.encode()).hexdigest() if key else "",
            submission.fingerprint,
            self._settings.idempotency_ttl_s,
            "" if submission.deadline_ms is None else submission.deadline_ms,
            verdict,
            "model",
            submission.model,
            "version",
            submission.version,
            "input",
            submission.input,
            "metadata",
            submission.metadata,
            *asked,
        ]

    def _left(self, tenant: str, job_id: str) -> Mapping[bytes, bytes]:
        """Return the record of a job that has left Redis for the archive."""
        missing = self._missing(tenant, job_id)
        was_deleted = isinstance(missing, JobGone) and missing.deleted_ms is not None
        if was_deleted or self._archived is None:
            raise missing
        record = self._archived.record(tenant, job_id)
        if record is None:
            raise missing
        return record

    def _missing(self, tenant: str, job_id: str) -> QueueError:
        tombstone: Any = self._redis.get(keys.tombstone_key(job_id))
        if tombstone:
            owner, *instants = tombstone.decode().split()
            if owner == tenant:
                return JobGone(job_id, *map(int, instants))
        return UnknownJob()

    def _position(self, job: Job, sent_ms: int) -> int:
        pipe = self._redis.pipeline(transaction=False)
        pipe.get(keys.lane_key("claimed", keys.PREDICTIONS))
        waiting_key = keys.lane_key("waiting", keys.PREDICTIONS)
        pipe.zcount(waiting_key, "-inf", sent_ms)
        claimed, not_later = pipe.execute()
        # The number counts jobs that were canceled while they waited; the time counts
        # all of one millisecond. The truth is no more than either.
        return max(1, min(job.number - int(claimed or 0), int(not_later)))


def _verdict(
    archive: archived.ArchivedJobs, submission: Submission, *, was_job: bool
) -> str:
    """Tell whether the id of a client's own is that of an archived job.

    While the archive is away, what Redis has no trace of counts as new: it knows each
    id for as long as an idempotency key.
    """
    try:
        known = archive.owner(submission.id)
    except ArchiveError:
        if was_job:
            raise
        return "new"
    if known is None:
        return "new"
    is_same = known == (submission.tenant, submission.fingerprint)
    return "replayed" if is_same else "taken"


def _traced(traceparent: str | None) -> list[str]:
    return [] if traceparent is None else ["traceparent", traceparent]


def _webhook_fields(url: str, wanted: tuple[str, ...] | None) -> list[str]:
    types = " ".join(event_types.of_filter(wanted))
    fields = ["webhook", url, "webhook_events", types]
    return fields if wanted is None else [*fields, "webhook_filter", " ".join(wanted)]


def _new_job(submission: Submission, now: int, number: int, position: int) -> Job:
    is_told = submission.webhook and wants_end(submission.webhook_filter)
    return Job(
        id=submission.id,
        tenant=submission.tenant,
        model=submission.model,
        version=submission.version,
        input=submission.input,
        metadata=submission.metadata,
        property_id=submission.property_id,
        state=State.QUEUED,
        sequence=1,
        created_ms=now,
        number=number,
        position=max(1, position),
        webhook=submission.webhook,
        webhook_filter=submission.webhook_filter,
        webhook_status="pending" if is_told else None,
    )

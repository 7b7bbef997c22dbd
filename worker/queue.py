"""The queue's front desk: all that a client of the service can do to a job."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import redis
from redis.exceptions import OutOfMemoryError

from worker import ledger
from worker.errors import (
    IdempotencyMismatch,
    IdTaken,
    JobGone,
    MemoryFull,
    NotRetryable,
    QueueError,
    QueueFull,
    QueueRefusal,
    RedisEvicts,
    UnknownJob,
)
from worker.jobs import Job, State, Submission
from worker.settings import WorkerSettings

#: Milliseconds over which arrival and completion rates are measured.
_RATE_WINDOW_MS = 10_000
#: Why the script refused a submit -> what is raised.
_REFUSALS: dict[bytes, type[QueueRefusal]] = {
    b"full": QueueFull,
    b"memory": MemoryFull,
    b"evicting": RedisEvicts,
}
#: Bounds of the advice when to come back, in seconds, and the advice when jobs wait
#: and none has ended lately.
_SOONEST_S, _LATEST_S, _STANDSTILL_S = 1, 60, 5


@dataclass(frozen=True, slots=True)
class Receipt:
    """A job that was taken, now or by an earlier request with the same key."""

    job: Job
    replayed: bool


class Queue:
    """All that a tenant can do to one job on lane `predictions`.

    Every verb passes `redis.RedisError` through when Redis cannot be reached; a submit
    that ended so may or may not have been taken.
    """

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        self._redis = client
        self._settings = settings
        self._ledger = ledger.Ledger(client, settings)

    def submit(self, submission: Submission) -> Receipt:
        """Take a job: record and message in one script, one round trip.

        Raises:
            IdempotencyMismatch: The key was used with another body.
            IdTaken: The client's own id names another job, or another tenant's.
            JobGone: This is a repeat, and the job has been removed since.
            QueueFull: As many jobs wait as may.
            MemoryFull: Redis is short of memory, or would evict jobs (RedisEvicts).
        """
        args = self._submit_args(submission)
        try:
            outcome, *rest = self._ledger.run("submit", *args)
        except OutOfMemoryError as error:
            raise MemoryFull(_LATEST_S) from error
        if outcome == b"created":
            return Receipt(_new_job(submission, *rest), replayed=False)
        if outcome == b"replayed":
            job_id = rest[0].decode()
            return Receipt(self.find(submission.tenant, job_id), replayed=True)
        if outcome == b"mismatch":
            raise IdempotencyMismatch(rest[0].decode())
        if outcome == b"taken":
            raise IdTaken
        raise self._refusal(*rest)

    def find(self, tenant: str, job_id: str) -> Job:
        """Return a job as it is now.

        Raises:
            UnknownJob: No such job, or another tenant's.
            JobGone: It ended and its record has been removed since.
        """
        record: Any = self._redis.hgetall(ledger.job_key(job_id))
        if not record:
            raise self._missing(tenant, job_id)
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
        """
        self._ledger.run("cancel", job_id, tenant)
        return self.find(tenant, job_id)

    def retry(self, tenant: str, job_id: str, *, deadline_ms: int | None = None) -> Job:
        """Let a failed or canceled job wait anew, under its id, and return it.

        Args:
            tenant: Whose job it must be.
            job_id: Which job.
            deadline_ms: Milliseconds from now after which the price is of no use.

        Raises:
            UnknownJob: No such job, or another tenant's.
            JobGone: It ended and its record has been removed since.
            NotRetryable: It is open, or it has its price.
            QueueFull: As many jobs wait as may.
            MemoryFull: Redis is short of memory, or would evict jobs (RedisEvicts).
        """
        deadline = "" if deadline_ms is None else deadline_ms
        bound = self._settings.queue_bound
        try:
            outcome, *rest = self._ledger.run("retry", job_id, tenant, bound, deadline)
        except OutOfMemoryError as error:
            raise MemoryFull(_LATEST_S) from error
        if outcome == b"unknown":
            raise self._missing(tenant, job_id)
        if outcome == b"not_retryable":
            raise NotRetryable(rest[0].decode())
        if outcome == b"refused":
            raise self._refusal(*rest)
        return self.find(tenant, job_id)

    def delete(self, tenant: str, job_id: str) -> None:
        """Erase what a job was given and gave; an open one is canceled first.

        What was deleted before, or removed after its time, stays as it is.

        Raises:
            UnknownJob: No such job, or another tenant's.
        """
        if self._ledger.run("delete", job_id, tenant) < 0:
            raise UnknownJob

    def scaler(self) -> dict[str, Any]:
        """Return what an autoscaler needs to know of each lane."""
        return {"queues": {lane: self._lane(lane) for lane in ledger.LANES}}

    def write_probe(self) -> None:
        """Prove that Redis answers and takes writes.

        Raises:
            redis.RedisError: It does not.
        """
        self._redis.set(ledger.PROBE, "1", ex=60)

    def _submit_args(self, submission: Submission) -> list[Any]:
        key = submission.idempotency_key
        # What was not asked for is not written: an absent field costs no memory.
        asked = ["explain", 1] if submission.explain else []
        if submission.alias is not None:
            asked += ["alias", submission.alias]
        if submission.id_is_clients:
            asked += ["fingerprint", submission.fingerprint]
        return [
            submission.id,
            ledger.PREDICTIONS,
            submission.tenant,
            hashlib.sha256(key.encode()).hexdigest() if key else "",
            submission.fingerprint,
            self._settings.queue_bound,
            self._settings.idempotency_ttl_s,
            "" if submission.deadline_ms is None else submission.deadline_ms,
            int(submission.id_is_clients),
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

    def _missing(self, tenant: str, job_id: str) -> QueueError:
        tombstone: Any = self._redis.get(ledger.tombstone_key(job_id))
        if tombstone:
            owner, *instants = tombstone.decode().split()
            if owner == tenant:
                return JobGone(job_id, *map(int, instants))
        return UnknownJob()

    def _refusal(self, waiting: int, reason: bytes) -> QueueRefusal:
        return _REFUSALS.get(reason, MemoryFull)(self._wait_s(waiting))

    def _position(self, job: Job, sent_ms: int) -> int:
        pipe = self._redis.pipeline(transaction=False)
        pipe.get(ledger.lane_key("claimed", ledger.PREDICTIONS))
        waiting_key = ledger.lane_key("waiting", ledger.PREDICTIONS)
        pipe.zcount(waiting_key, "-inf", sent_ms)
        claimed, not_later = pipe.execute()
        # The number counts jobs that were canceled while they waited; the time counts
        # all of one millisecond. The truth is no more than either.
        return max(1, min(job.number - int(claimed or 0), int(not_later)))

    def _lane(self, lane: str) -> dict[str, Any]:
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        # By their records: a message may be there twice, or be lost.
        pipe.zcard(ledger.lane_key("waiting", lane))
        pipe.zcard(ledger.lane_key("running", lane))
        pipe.zrange(ledger.lane_key("waiting", lane), 0, 0)
        pipe.zrange(ledger.lane_key("workers", lane), 0, -1, withscores=True)
        pipe.exists(ledger.lane_key("paused", lane))
        pipe.lrange(ledger.lane_key("samples", lane), 0, -1)
        clock, waiting, running, first, workers, paused, samples = pipe.execute()
        now = _ms(clock)
        arrivals, ends = _rates(samples, now)
        seen = [name for name, last in workers if now - last <= ledger.WORKER_SEEN_MS]
        # A paused lane asks for no workers.
        waiting, running = (0, 0) if paused else (waiting, running)
        return {
            "waiting": waiting,
            "running": running,
            "backlog": waiting + running,
            "oldest_age_s": self._age_s(first[0], now) if waiting and first else 0.0,
            "workers": len(seen),
            "arrivals_per_s": arrivals,
            "jobs_per_s": ends,
            "paused": bool(paused),
        }

    def _age_s(self, next_id: bytes, now: int) -> float:
        # Of the job that starts next, which but for a re-send is the oldest; since its
        # submit, for its message may be younger.
        created = self._redis.hget(ledger.job_key(next_id.decode()), "created")
        return (now - int(created)) / 1000 if created else 0.0

    def _wait_s(self, waiting: int) -> int:
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        samples_key = ledger.lane_key("samples", ledger.PREDICTIONS)
        pipe.lrange(samples_key, 0, -1)
        clock, samples = pipe.execute()
        _, ends_per_s = _rates(samples, _ms(clock))
        return expected_wait_s(waiting, ends_per_s)


def expected_wait_s(jobs: int, ends_per_s: float) -> int:
    """Return the whole seconds in which so many jobs end: advice when to come back."""
    wait_s = jobs / ends_per_s if ends_per_s else _STANDSTILL_S
    return max(_SOONEST_S, min(_LATEST_S, round(wait_s)))


def _new_job(submission: Submission, now: int, number: int, position: int) -> Job:
    return Job(
        id=submission.id,
        tenant=submission.tenant,
        model=submission.model,
        version=submission.version,
        input=submission.input,
        metadata=submission.metadata,
        state=State.QUEUED,
        sequence=1,
        created_ms=now,
        number=number,
        position=max(1, position),
    )


def _ms(clock: tuple[int, int]) -> int:
    """Return Redis's TIME in milliseconds."""
    seconds, micros = clock
    return seconds * 1000 + micros // 1000


def _rates(samples: Sequence[bytes], now: int) -> tuple[float, float]:
    """Return arrivals and ends per second between the samples of the window.

    Without a sample of late nothing is known, and nothing is claimed.
    """
    points = [tuple(int(part) for part in sample.split()) for sample in samples]
    recent = [p for p in points if now - p[0] <= _RATE_WINDOW_MS]
    if not recent or recent[0][0] == recent[-1][0]:
        return 0.0, 0.0
    newest, oldest = recent[0], recent[-1]
    span_s = (newest[0] - oldest[0]) / 1000
    arrivals, ends = newest[1] - oldest[1], newest[2] - oldest[2]
    return round(arrivals / span_s, 1), round(ends / span_s, 1)

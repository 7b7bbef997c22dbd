"""The queue's front desk: all that a client of the service can do to a job."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import redis
from redis.exceptions import OutOfMemoryError

from worker import ledger
from worker.errors import (
    IdempotencyMismatch,
    JobGone,
    MemoryFull,
    QueueFull,
    RedisEvicts,
    UnknownJob,
)
from worker.jobs import Job, State, Submission
from worker.settings import WorkerSettings

#: Milliseconds over which arrival and completion rates are measured.
_RATE_WINDOW_MS = 10_000
#: Why the script refused a submit -> what is raised.
_REFUSALS = {b"full": QueueFull, b"memory": MemoryFull, b"evicting": RedisEvicts}
#: Bounds of the advice when to come back, in seconds, and the advice when jobs wait
#: and none has ended lately.
_SOONEST_S, _LATEST_S, _STANDSTILL_S = 1, 60, 5


@dataclass(frozen=True, slots=True)
class Receipt:
    """A job that was taken, now or by an earlier request with the same key."""

    job: Job
    replayed: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a tenant's list: between two jobs, in order of creation."""

    created_ms: int
    job_id: str

    def encode(self) -> str:
        """Return the opaque form that clients hand back."""
        plain = f"{self.created_ms}:{self.job_id}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read what `encode` wrote.

        Raises:
            ValueError: The text is no cursor.
        """
        padded = text + "=" * (-len(text) % 4)
        created_ms, job_id = base64.urlsafe_b64decode(padded).decode().split(":")
        return cls(int(created_ms), job_id)


@dataclass(frozen=True, slots=True)
class Page:
    """Jobs of a tenant, newest first, and the cursors to the pages beside it."""

    jobs: Sequence[Job]
    #: To older jobs.
    next: Cursor | None
    #: To newer jobs.
    previous: Cursor | None


class Queue:
    """Submits, reads and cancels jobs on lane `predictions`, for one tenant at a time.

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
        waiting, reason = rest
        raise _REFUSALS.get(reason, MemoryFull)(self._wait_s(waiting))

    def find(self, tenant: str, job_id: str) -> Job:
        """Return a job as it is now.

        Raises:
            UnknownJob: No such job, or another tenant's.
            JobGone: It ended and its record has been removed since.
        """
        record: Any = self._redis.hgetall(ledger.job_key(job_id))
        if not record:
            self._raise_missing(tenant, job_id)
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

    def page(
        self,
        tenant: str,
        *,
        limit: int,
        cursor: Cursor | None = None,
        newer: bool = False,
    ) -> Page:
        """Return up to `limit` jobs beside the cursor, older ones or `newer` ones.

        Records that have been removed meanwhile leave a page short, never an error.
        """
        entries = self._entries(tenant, limit + 1, cursor, newer=newer)
        more, entries = len(entries) > limit, entries[:limit]
        if newer:
            entries.reverse()
        if not entries:
            return Page((), None, None)
        beyond_older = more if not newer else True
        beyond_newer = more if newer else cursor is not None
        return Page(
            self._read(tenant, entries),
            next=entries[-1] if beyond_older else None,
            previous=entries[0] if beyond_newer else None,
        )

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
        return [
            submission.id,
            ledger.PREDICTIONS,
            submission.tenant,
            hashlib.sha256(key.encode()).hexdigest() if key else "",
            submission.fingerprint,
            self._settings.queue_bound,
            self._settings.idempotency_ttl_s,
            "" if submission.deadline_ms is None else submission.deadline_ms,
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

    def _raise_missing(self, tenant: str, job_id: str) -> None:
        tombstone: Any = self._redis.get(ledger.tombstone_key(job_id))
        if tombstone:
            owner, _, completed_ms = tombstone.decode().rpartition(" ")
            if owner == tenant:
                raise JobGone(int(completed_ms))
        raise UnknownJob

    def _position(self, job: Job, sent_ms: int) -> int:
        pipe = self._redis.pipeline(transaction=False)
        pipe.get(ledger.lane_key("claimed", ledger.PREDICTIONS))
        waiting_key = ledger.lane_key("waiting", ledger.PREDICTIONS)
        pipe.zcount(waiting_key, "-inf", sent_ms)
        claimed, not_later = pipe.execute()
        # The number counts jobs that were canceled while they waited; the time counts
        # all of one millisecond. The truth is no more than either.
        return max(1, min(job.number - int(claimed or 0), int(not_later)))

    def _entries(
        self, tenant: str, count: int, cursor: Cursor | None, *, newer: bool
    ) -> list[Cursor]:
        key = ledger.tenant_key(tenant)
        start = cursor.created_ms if cursor else ("-inf" if newer else "+inf")
        entries: list[Cursor] = []
        offset = 0
        # Jobs of the cursor's own millisecond may come first and are passed over.
        while len(entries) < count:
            raw: Any = (
                self._redis.zrangebyscore(
                    key, start, "+inf", start=offset, num=count, withscores=True
                )
                if newer
                else self._redis.zrevrangebyscore(
                    key, start, "-inf", start=offset, num=count, withscores=True
                )
            )
            found = [Cursor(int(score), member.decode()) for member, score in raw]
            entries += [
                entry for entry in found if _is_beyond(entry, cursor, newer=newer)
            ]
            if len(found) < count:
                break
            offset += count
        return entries[:count]

    def _read(self, tenant: str, entries: Sequence[Cursor]) -> list[Job]:
        pipe = self._redis.pipeline(transaction=False)
        for entry in entries:
            pipe.hgetall(ledger.job_key(entry.job_id))
        read = list(zip(entries, pipe.execute(), strict=True))
        gone = [entry.job_id for entry, record in read if not record]
        if gone:
            self._redis.zrem(ledger.tenant_key(tenant), *gone)
        jobs = [
            Job.from_record(entry.job_id, record) for entry, record in read if record
        ]
        return [job for job in jobs if job.tenant == tenant]

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


def _is_beyond(entry: Cursor, cursor: Cursor | None, *, newer: bool) -> bool:
    if cursor is None:
        return True
    here = (cursor.created_ms, cursor.job_id)
    there = (entry.created_ms, entry.job_id)
    return there > here if newer else there < here


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

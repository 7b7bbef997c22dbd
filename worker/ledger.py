"""The job ledger: every job's truth in Redis, changed by Lua on Redis's own clock.

A message in a lane's list is a hint that a job waits; what the ledger says counts.
Scripts build keys from ids, so one primary holds them all (no Redis Cluster).

`worker.keys` tells what each key holds.
"""

import contextlib
import functools
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any

import redis
from redis.commands.core import Script
from redis.exceptions import OutOfMemoryError

from model_store.errors import ArchiveUnavailable
from worker import capacity, keys
from worker.capacity import Capacity
from worker.durability import FaultLog, Server
from worker.jobs import Detail, State
from worker.leases import Claim, Completion, Lease, Tick
from worker.settings import WorkerSettings

#: Starts of a job whose worker died, before the job is a dead letter.
CRASHES_ALLOWED = 3
#: The same of a delivery since its last attempt that was written down: it is not what
#: kills workers, and those in hand beside it die with it.
_CRASHES_OF_DELIVERIES = 10
#: Milliseconds since its last claim in which a worker counts; an idle one asks each
#: second.
WORKER_SEEN_MS = 10_000

#: Seconds since its last tick in which upkeep counts as there.
_UPKEEP_SEEN_S = 5
#: Jobs that one call of the reaper's script looks at, so that Redis is never held up.
_REAP_LIMIT = 500
#: Seconds that what is known of the memory outlives the upkeep that watches it.
_MEMORY_FLAG_S = 10
#: What stands between the prelude and a script: what opens jobs, or what ends them.
_OPENS, _ENDS = "admission", "webhooks"
_OPENING = {"submit", "submit_batch", "retry"}
#: Answers a delete that the archive is not told of.
_NOBODY_READS = -2


class Ledger:
    """The verbs of workers and upkeep; `queue.Queue` has those of clients.

    Args:
        client: Where it is kept.
        settings: How long things last.
        lease_s: Seconds of a lease, where not the settings' own.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: WorkerSettings,
        *,
        lease_s: float | None = None,
    ) -> None:
        self._redis = client
        self._settings = settings
        self._scripts: dict[str, Script] = {}
        self._policy = (
            settings.result_ttl_s,
            # An id of a client's own must be known for as long as a key would be.
            max(settings.tombstone_ttl_s, settings.idempotency_ttl_s),
            settings.dead_ttl_s,
            _lease_and_webhooks(settings, lease_s or settings.lease_s),
            keys.finished_channel(client),
        )
        self._faults = FaultLog()

    def run(self, name: str, *args: Any) -> Any:
        """Run the script `name` in one round trip."""
        script = self._scripts.get(name)
        if script is None:
            library = _OPENS if name in _OPENING else _ENDS
            source = "".join(map(_source, ("prelude", library, name)))
            script = self._scripts[name] = self._redis.register_script(source)
        return script(args=(*self._policy, *args))

    def claim(
        self,
        lane: str,
        *,
        limit: int,
        worker: str,
        job_id: str = "",
        back_in_ms: int = 0,
        fresh: bool = False,
    ) -> Claim:
        """Lease up to `limit` waiting jobs of a lane to `worker`, oldest first.

        With `job_id` only that job, whose message has already left the lane. With
        `back_in_ms` jobs that come within this time wake no other worker. With `fresh`
        the claim stops before a job that crashed: a worker may price one only while it
        holds nothing but that job's own claim, or others would die with it.
        """
        jobs, left, paused, strays = self.run(
            "claim",
            lane,
            limit,
            worker,
            job_id,
            back_in_ms,
            WORKER_SEEN_MS,
            int(fresh),
        )
        leases = [Lease.from_answer(*job) for job in jobs]
        return Claim(leases, left, bool(paused), strays)

    def complete(
        self,
        lane: str,
        completions: Sequence[Completion],
        *,
        event: tuple[str, bytes] = ("", b""),
    ) -> list[bool]:
        """Write the outcomes of a batch and publish its Celery event with them.

        Nothing is published where nothing was written, as in a repeated call.

        Returns:
            For each completion whether it was written; False where the job had ended
            before, by a cancel or by an earlier result, and where a failure comes from
            who no longer holds the job.
        """
        args: list[Any] = [lane, *event]
        for done in completions:
            outcome: Sequence[Any] = (
                (State.FAILED, Detail.MODEL_ERROR, "error", done.error)
                if done.error
                else (State.SUCCEEDED, "", "output", done.output)
            )
            lease = done.lease
            args += (lease.id, lease.version, lease.fence, *outcome, done.predict_us)
        return [bool(written) for written in self.run("complete", *args)]

    def release(self, lane: str, *, worker: str, keeps: Iterable[str] = ()) -> int:
        """Give back what `worker` holds in a lane, without a crash being counted.

        Args:
            lane: The lane.
            worker: Who holds it.
            keeps: Ids of jobs that it goes on with.
        """
        return int(self.run("release", lane, worker, *keeps))

    def renew(self, lane: str, leases: Sequence[Lease]) -> int:
        """Extend the leases that are still held; tell how many were."""
        pairs = [part for lease in leases for part in (lease.id, lease.fence)]
        return int(self.run("renew", lane, *pairs))

    def delete(
        self,
        job_id: str,
        tenant: str,
        *,
        only_dead: bool = False,
        archived_ms: bytes = b"",
    ) -> int:
        """Erase a job of a tenant; 1: done, 0: it was gone, -1: there is no such job.

        Args:
            job_id: Which job.
            tenant: Whose it must be.
            only_dead: Leave it as it is unless it is a dead letter.
            archived_ms: When it ended by the word of the archive, where only that
                knows it.

        Raises:
            ArchiveUnavailable: The archive may have it, and nobody would tell it.
        """
        has_archive = int(self._settings.archive_url is not None)
        args = (int(only_dead), has_archive, archived_ms)
        found = int(self.run("delete", job_id, tenant, *args))
        if found == _NOBODY_READS:
            raise ArchiveUnavailable("no worker of lane upkeep reads what it is told")
        return found

    def wait_for_bell(self, lane: str, *, timeout_s: float) -> bool:
        """Block until work may be there; False when the time has passed."""
        return self._redis.blpop([keys.lane_key("bell", lane)], timeout_s) is not None

    def reap(self, lane: str, *, stands_in: bool = False) -> Tick | None:
        """Retry or bury jobs of dead workers, re-send lost messages, end late jobs.

        Idempotent; returns None where another reaper has just been at the lane. One
        that stands in for the upkeep does not count as its being there.
        """
        seen_s = 0 if stands_in else _UPKEEP_SEEN_S
        allowed = _CRASHES_OF_DELIVERIES if lane == keys.WEBHOOKS else CRASHES_ALLOWED
        total = [0] * 5
        goes_on = 0
        while True:
            answer = self.run("reap", lane, allowed, _REAP_LIMIT, goes_on, seen_s)
            if answer is None:
                return None
            *counts, more = answer
            total = [sum(pair) for pair in zip(total, counts, strict=True)]
            if not more:
                return Tick(*total)
            goes_on = 1

    def measure(self, lane: str) -> None:
        """Tell submits the capacity of a lane, if known; to be called each tick."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.lrange(keys.lane_key("samples", lane), 0, -1)
        pipe.zcard(keys.lane_key("workers", lane))
        pipe.get(keys.lane_key("capacity", lane))
        samples, workers, known = pipe.execute()
        found = capacity.current(samples, workers, known and Capacity.parse(known))
        if found is None:
            return
        # A full server keeps what it knew: it takes no submit that would ask.
        with contextlib.suppress(OutOfMemoryError):
            self._redis.set(keys.lane_key("capacity", lane), str(found))

    def is_tended(self) -> bool:
        """Tell whether upkeep has been at every lane of late."""
        tended = [keys.lane_key("upkeep", lane) for lane in keys.LANES]
        return self._redis.exists(*tended) == len(tended)

    def watch_memory(self) -> bool:
        """Refuse new jobs while Redis may lose them; tell whether it does so.

        Logs each change once: short memory, a policy that evicts, no append-only file.
        """
        found = Server.of(self._redis)
        reason = found.why_full(self._settings.memory_share)
        self.run("note_memory", found.used, found.maxmemory, _MEMORY_FLAG_S, reason)
        self._faults.tell(found, is_short=reason == "memory")
        return bool(reason)

    def has_work(self, lane: str) -> bool:
        """Tell whether messages wait on a lane that is not paused."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.llen(lane)
        pipe.exists(keys.lane_key("paused", lane))
        waiting, paused = pipe.execute()
        return bool(waiting) and not paused


def _lease_and_webhooks(settings: WorkerSettings, lease_s: float) -> str:
    # Of a tenant's receivers that have not answered yet, which may all hang.
    probes = max(1, settings.webhook_threads // 4)
    return (
        f"{int(lease_s * 1000)} {settings.webhook_concurrency} {probes} "
        f"{settings.webhook_pending} {settings.webhook_log} "
        f"{settings.webhook_log_ttl_s} {settings.public_url}"
    )


@functools.cache
def _source(name: str) -> str:
    return resources.files("worker").joinpath("lua", f"{name}.lua").read_text()

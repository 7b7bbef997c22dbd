"""The job ledger: every job's truth in Redis, changed by Lua on Redis's own clock.

A message in a lane's list is a hint that a job waits; what the ledger says counts.
Scripts build keys from ids, so one primary holds them all (no Redis Cluster).

| key | type | lives | written by | holds |
|---|---|---|---|---|
| `<lane>` | list | - | prelude, claim, reap | native Celery messages: newest left, oldest right |
| `kerbside:job:<id>` | hash | until the result TTL after its end | all | the job's record |
| `kerbside:gone:<id>` | string | tombstone TTL | prelude, delete, retry | tenant and end of a finished job; of a deleted one also when |
| `kerbside:waiting:<lane>` | zset | - | prelude, claim, reap | id -> `sent` of its message |
| `kerbside:running:<lane>` | zset | - | claim, renew, release, reap, prelude | id -> end of lease |
| `kerbside:deadlines:<lane>` | zset | - | prelude, reap | id -> deadline |
| `kerbside:idempotency:<tenant>:<hash>` | string | idempotency TTL | submit | id and fingerprint |
| `kerbside:tenant:<tenant>` | zset | result and dead-letter TTL after the last submit; an entry as long as its record, then until submit or a listing drop it | submit, retry, delete, listing | id -> created |
| `kerbside:number:<lane>` | string | - | prelude | count of submits and retries |
| `kerbside:claimed:<lane>` | string | - | claim | highest number claimed |
| `kerbside:done:<lane>` | string | - | prelude | count of ends |
| `kerbside:outcomes:<lane>` | hash | - | prelude | state and detail of an end -> how many ended so |
| `kerbside:refusals:<lane>` | hash | - | submit, retry | reason -> how many requests were refused for it |
| `kerbside:priced:<lane>` | string | - | complete | count of ends that a worker brought |
| `kerbside:capacity:<lane>` | string | - | measure, complete | jobs a second that one worker of the lane is able to end, how many workers there are, 0 where they stand still, and `guess` until it is measured |
| `kerbside:open:<lane>` | hash | while there are any | prelude, reap | tenant -> count of its open jobs |
| `kerbside:rate:<key id>` | string | until the limit is whole again | submit, retry | when that will be, in microseconds since the epoch |
| `kerbside:bell:<lane>` | list | - | prelude, claim, resume | one element that wakes one idle worker |
| `kerbside:awake:<lane>` | string | some ms | claim | worker that is about to ask again |
| `kerbside:workers:<lane>` | zset | 10 s per entry | claim | worker -> last claim |
| `kerbside:strays:<lane>` | list | newest 1,000 | claim | messages without a record, set aside |
| `kerbside:dead:<lane>` | zset | dead-letter TTL per entry | reap, retry, delete, redeliver, webhooks | id -> time of death |
| `kerbside:paused:<lane>` | string | while the lane is paused | pauses | JSON of `since_ms`, `by` and `reason` of its pause; claim and reap look only whether it is there |
| `kerbside:tick:<lane>` | string | - | reap | time of the reaper's last tick |
| `kerbside:upkeep:<lane>` | string | 5 s | reap | last tick by the upkeep itself, not by who stands in for it |
| `kerbside:samples:<lane>` | list | newest 16 | reap | `time number done claimed priced first paused` of each tick; `first`: `sent` of the first in line, 0 where nobody waits; `paused`: 1 while it was |
| `kerbside:starts:<lane>` | hash | - | claim | `count` of starts, `waited_ms`: how long all of them together had lain in the lane, and `strays`: count of messages set aside |
| `kerbside:history:<lane>` | list | newest 361 | reap | `time number done waiting running first paused count waited_ms`, about each 10 s, for an hour |
| `kerbside:memory_full` | string | 10 s | note_memory | why new jobs are refused: `memory` or `evicting` |
| `kerbside:memory` | string | 10 s | note_memory | bytes that Redis takes and may take, 0 for any |
| `kerbside:probe` | string | 60 s | write_probe | proves that Redis takes writes |
| `kerbside:loaded` | zset | newest 100 | accept | model version -> last time that a worker loaded it or made it its champion |
| `kerbside:refused` | hash | newest 100, until a worker loads the version | refuse, accept | model version -> JSON of `count`, `reason`, `since`, `last` |
| `kerbside:scheduled:<lane>` | zset | - | webhooks, attempted | delivery that is tried again -> when |
| `kerbside:cooling:<lane>` | zset | - | attempted, claim | destination that is paused -> until when |
| `kerbside:webhook:<endpoint>` | hash | - | change_endpoint, endpoints, webhooks | an endpoint's record, its secrets sealed; `default:<tenant>` has those of requests' own webhooks |
| `kerbside:subscriptions:<tenant>` | hash | - | change_endpoint, endpoints, webhooks | endpoint -> `on` or `off`, and the event types that it takes |
| `kerbside:deliveries:<endpoint>` | zset | 30 days after the last event | webhooks | delivery -> created |
| `kerbside:ended:<endpoint>` | zset | 30 days after the last end; the newest, for the log's TTL | webhooks, redeliver | those that were made -> when |
| `kerbside:missed:<endpoint>` | zset | the same | webhooks, redeliver | those that failed or were called off, and can be recovered -> created |
| `kerbside:destination:<destination>` | hash | 30 days after the last attempt | webhooks, attempted, change_endpoint | how a receiver answers: failures, pause, what was dropped |
| `kerbside:active:<destination>` | set | - | webhooks | its deliveries in the lane or in hand |
| `kerbside:parked:<destination>` | zset | - | webhooks | its deliveries that wait for one of those to end -> their number |
| `kerbside:probing:<tenant>` | set | - | webhooks | deliveries in the lane or in hand whose destination has not answered yet |
| `kerbside:unproved:<tenant>` | zset | - | webhooks | destinations that wait for one of those to end -> since when |
| `kerbside:keys` | hash | - | credentials | API key id -> its JSON record |
| `kerbside:used` | hash | - | key_uses | API key id -> when it was last used, to the minute |
| `kerbside:audit` | list | newest 10,000 | audit | JSON of each action of an operator that was done, newest left |
| `kerbside:audit_in_vain` | list | newest 1,000 | audit | the same of those that were refused or failed |
| `kerbside:finished:<db>` | channel | - | prelude | ids of finished jobs, one a line |
| `kerbside:models:<db>` | channel | - | refuse | JSON of `type` (`model.refused`), `version`, `reason`, `time`; once for each reason |

Times are milliseconds since the epoch.
"""

import contextlib
import functools
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any, Literal

import redis
from redis.commands.core import Script
from redis.exceptions import OutOfMemoryError

from worker import capacity, connection
from worker.capacity import Capacity
from worker.durability import FaultLog, Server
from worker.jobs import Detail, State
from worker.leases import Claim, Completion, Lease, Tick
from worker.settings import WorkerSettings

#: Lanes of the ledger whose jobs the batching worker takes.
PREDICTIONS = "predictions"
WEBHOOKS = "webhooks"
LANES = (PREDICTIONS, WEBHOOKS)
#: Lane of the periodic tasks, the only one that kombu consumes.
UPKEEP = "upkeep"

#: Starts the name of every key and channel but the lists of the lanes.
PREFIX = "kerbside:"
#: Hash of API keys.
API_KEYS = "kerbside:keys"
#: When each API key was last used.
KEYS_USED = "kerbside:used"
#: What operators did.
AUDIT = "kerbside:audit"
AUDIT_IN_VAIN = "kerbside:audit_in_vain"
#: Why new jobs are refused, while they are.
MEMORY_FULL = "kerbside:memory_full"
#: How much memory Redis takes, and may take.
MEMORY = "kerbside:memory"
#: Which model versions workers have loaded, and which they refuse.
LOADED, REFUSED = "kerbside:loaded", "kerbside:refused"
#: Written to prove that Redis takes writes.
PROBE = "kerbside:probe"

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
_OPENING = {"submit", "retry"}

LaneKey = Literal[
    "bell",
    "capacity",
    "claimed",
    "cooling",
    "dead",
    "done",
    "history",
    "number",
    "outcomes",
    "paused",
    "refusals",
    "running",
    "samples",
    "scheduled",
    "starts",
    "strays",
    "upkeep",
    "waiting",
    "workers",
]
EndpointKey = Literal[
    "deliveries", "destination", "ended", "missed", "parked", "webhook"
]


def lane_key(kind: LaneKey, lane: str) -> str:
    """Return the key of one kind that a lane has."""
    return f"kerbside:{kind}:{lane}"


def job_key(job_id: str) -> str:
    """Return the key of a job's record."""
    return f"kerbside:job:{job_id}"


def tombstone_key(job_id: str) -> str:
    """Return the key of what is left when a job's record is gone."""
    return f"kerbside:gone:{job_id}"


def tenant_key(tenant: str) -> str:
    """Return the key of a tenant's list of jobs."""
    return f"kerbside:tenant:{tenant}"


def endpoint_key(kind: EndpointKey, endpoint: str) -> str:
    """Return the key of one kind that an endpoint has, or `default:<tenant>`."""
    return f"kerbside:{kind}:{endpoint}"


def subscriptions_key(tenant: str) -> str:
    """Return the key of a tenant's endpoints and what each takes."""
    return f"kerbside:subscriptions:{tenant}"


def finished_channel(client: redis.Redis) -> str:
    """Return the channel of finished ids; channels know no databases by themselves."""
    return f"kerbside:finished:{connection.database(client)}"


def models_channel(client: redis.Redis) -> str:
    """Return the channel of what happens to model versions."""
    return f"kerbside:models:{connection.database(client)}"


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
            finished_channel(client),
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

    def wait_for_bell(self, lane: str, *, timeout_s: float) -> bool:
        """Block until work may be there; False when the time has passed."""
        return self._redis.blpop([lane_key("bell", lane)], timeout_s) is not None

    def reap(self, lane: str, *, stands_in: bool = False) -> Tick | None:
        """Retry or bury jobs of dead workers, re-send lost messages, end late jobs.

        Idempotent; returns None where another reaper has just been at the lane. One
        that stands in for the upkeep does not count as its being there.
        """
        seen_s = 0 if stands_in else _UPKEEP_SEEN_S
        allowed = _CRASHES_OF_DELIVERIES if lane == WEBHOOKS else CRASHES_ALLOWED
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
        """Tell submits the capacity of a lane, if it is known; to be called each tick."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.lrange(lane_key("samples", lane), 0, -1)
        pipe.zcard(lane_key("workers", lane))
        pipe.get(lane_key("capacity", lane))
        samples, workers, known = pipe.execute()
        found = capacity.current(samples, workers, known and Capacity.parse(known))
        if found is None:
            return
        # A full server keeps what it knew: it takes no submit that would ask.
        with contextlib.suppress(OutOfMemoryError):
            self._redis.set(lane_key("capacity", lane), str(found))

    def is_tended(self) -> bool:
        """Tell whether upkeep has been at every lane of late."""
        keys = [lane_key("upkeep", lane) for lane in LANES]
        return self._redis.exists(*keys) == len(keys)

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
        pipe.exists(lane_key("paused", lane))
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

"""Deliveries: read, logged, made anew; each is a job of lane `webhooks`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import orjson
import redis

from worker import keys
from worker.jobs import rfc3339
from worker.leases import Lease
from worker.ledger import Ledger
from worker.settings import WorkerSettings
from worker.webhooks.errors import (
    DeliveryErased,
    DeliveryPending,
    EndpointDisabled,
    TooManyPending,
    UnknownDelivery,
    WebhookError,
)

#: Seconds of a lease beyond the longest attempt.
_LEASE_MARGIN_S = 15.0
#: Deliveries that one call of a script looks at, so that Redis is never held up.
_CHUNK = 500
#: Pauses of a receiver that fails, in ms: the first, and the longest.
_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 5000, 300_000

#: Deliveries of a log that are read at a time.
_AT_A_TIME = 100

#: Where a delivery stands in its log: its creation, in ms, and its id.
Place = tuple[int, str]

_STATUS = {
    "queued": "pending",
    "parked": "pending",
    "scheduled": "pending",
    "running": "pending",
    "retrying": "pending",
    "succeeded": "delivered",
    "failed": "failed",
    "canceled": "canceled",
}
#: What a client may ask for -> the states that it means.
STATUSES: dict[str, frozenset[str]] = {
    status: frozenset(state for state in _STATUS if _STATUS[state] == status)
    for status in dict.fromkeys(_STATUS.values())
}
_REFUSALS: dict[bytes, type[WebhookError]] = {
    b"unknown": UnknownDelivery,
    b"pending": DeliveryPending,
    b"disabled": EndpointDisabled,
    b"erased": DeliveryErased,
    b"too_many_pending": TooManyPending,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from an attempt."""

    #: `delivered`, `again` or `failed`.
    outcome: str
    #: Milliseconds until the next attempt.
    pause_ms: int = 0
    #: How many failures in a row it counts for.
    weight: int = 0
    #: Why the endpoint is to be disabled.
    disable: str = ""
    #: Milliseconds for which the receiver asked to be left alone.
    asked_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one receiver; times in ms since the epoch."""

    id: str
    tenant: str
    #: The endpoint's id, or `default:<tenant>` where the request named the URL.
    endpoint: str
    event: str
    type: str
    #: The job that it is about; empty where there is none.
    subject: str
    state: str
    detail: str
    created_ms: int
    completed_ms: int | None
    next_ms: int | None
    #: Each as `Attempt` is logged.
    attempts: Sequence[dict[str, Any]]

    @classmethod
    def from_record(cls, delivery_id: str, record: Mapping[bytes, bytes]) -> Self:
        """Read a delivery from its ledger hash."""
        state = record[b"state"].decode()
        return cls(
            id=delivery_id,
            tenant=record[b"tenant"].decode(),
            endpoint=record[b"endpoint"].decode(),
            event=record[b"event"].decode(),
            type=record[b"type"].decode(),
            subject=record[b"subject"].decode(),
            state=state,
            detail=record.get(b"detail", b"").decode(),
            created_ms=int(record[b"created"]),
            completed_ms=int(record.get(b"completed", 0)) or None,
            next_ms=int(record.get(b"next", 0)) or None
            if state == "scheduled"
            else None,
            attempts=orjson.loads(b"[%s]" % record.get(b"log", b"")),
        )

    def public(self) -> dict[str, Any]:
        """Return what its tenant reads."""
        endpoint = self.endpoint.partition(":")[0]
        return {
            "id": self.id,
            "object": "delivery",
            "webhook": endpoint,
            "event": {"id": self.event, "type": self.type},
            "prediction": self.subject or None,
            "status": _STATUS[self.state],
            "status_detail": self.detail or self.state,
            "created_at": rfc3339(self.created_ms),
            "next_attempt_at": rfc3339(self.next_ms),
            "completed_at": rfc3339(self.completed_ms),
            "attempts": [
                {**attempt, "at": rfc3339(attempt["at"])} for attempt in self.attempts
            ],
        }


class Deliveries:
    """The verbs of the worker that delivers, and of tenants who look after it.

    Every verb passes `redis.RedisError` through when Redis cannot be reached.
    """

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        self._redis: Any = client
        self._settings = settings
        #: Of their lane, with leases that outlast an attempt.
        self.ledger = Ledger(client, settings, lease_s=lease_s(settings))

    def load(self, leases: Sequence[Lease]) -> list[dict[bytes, bytes]]:
        """Return the records of leased deliveries, in one round trip."""
        pipe = self._redis.pipeline(transaction=False)
        for lease in leases:
            pipe.hgetall(keys.job_key(lease.id))
        found: list[dict[bytes, bytes]] = pipe.execute()
        return found

    def keep_body(self, lease: Lease, body: bytes) -> bool:
        """Keep what is sent, before it is; False where the delivery is taken away."""
        return bool(self.ledger.run("rendered", lease.id, lease.fence, body))

    def attempted(
        self,
        lease: Lease,
        verdict: Verdict,
        logged: Mapping[str, Any],
        *,
        event: tuple[str, bytes] = ("", b""),
    ) -> str | None:
        """Write what became of an attempt and publish its Celery event with it.

        Returns:
            Why this disabled the endpoint, "" where it did not; None where the
            delivery is in other hands.
        """
        reason = self.ledger.run(
            "attempted",
            lease.id,
            lease.fence,
            verdict.outcome,
            orjson.dumps(logged),
            verdict.pause_ms,
            verdict.weight,
            _FIRST_PAUSE_MS,
            _LONGEST_PAUSE_MS,
            "" if verdict.outcome == "delivered" else "receiver_failed",
            verdict.disable,
            self._settings.webhook_disable_after_s * 1000,
            verdict.asked_ms,
            *event,
        )
        return None if reason is None else reason.decode()

    def find(self, tenant: str, delivery_id: str) -> Delivery:
        """Return a delivery.

        Raises:
            UnknownDelivery: There is none, or it is another tenant's.
        """
        record = self._redis.hgetall(keys.job_key(delivery_id))
        if record.get(b"tenant") != tenant.encode() or b"endpoint" not in record:
            raise UnknownDelivery
        return Delivery.from_record(delivery_id, record)

    def page(
        self,
        endpoint: str,
        *,
        limit: int,
        before: Place | None = None,
        after: Place | None = None,
        states: Collection[str] | None = None,
    ) -> list[Delivery]:
        """Return deliveries to an endpoint, the newest first.

        Args:
            endpoint: Its id, or `default:<tenant>`; the caller's own.
            limit: How many, at most.
            before: Only those made before this one, the newest of them.
            after: Only those made after this one, the oldest of them.
            states: Only those in one of these states.
        """
        found: list[Delivery] = []
        place = before if after is None else after
        count = min(limit, _AT_A_TIME) if states is None else _AT_A_TIME
        while len(found) < limit:
            places = self._beside(endpoint, place, count, newer=after is not None)
            if not places:
                break
            read = self._read([delivery_id for _, delivery_id in places])
            wanted = [one for one in read if states is None or one.state in states]
            found += wanted[: limit - len(found)]
            place = places[-1]
        return found if after is None else found[::-1]

    def _beside(
        self, endpoint: str, place: Place | None, count: int, *, newer: bool
    ) -> list[Place]:
        """Return what lies in a log on one side of a place, the nearest first."""
        key = keys.endpoint_key("deliveries", endpoint)
        rank = -1 if place is None else self._redis.zrevrank(key, place[1])
        if rank is None and place is not None:
            # One that has left the log was among those of its millisecond.
            rank = self._redis.zcount(key, place[0] + 1, "+inf") - (0 if newer else 1)
        first = max(0, rank - count) if newer else rank + 1
        last = rank - 1 if newer else rank + count
        if last < first:
            return []
        raw = self._redis.zrange(key, first, last, desc=True, withscores=True)
        found = [(int(score), member.decode()) for member, score in raw]
        return found[::-1] if newer else found

    def _read(self, ids: Sequence[str]) -> list[Delivery]:
        pipe = self._redis.pipeline(transaction=False)
        for delivery_id in ids:
            pipe.hgetall(keys.job_key(delivery_id))
        read = zip(ids, pipe.execute(), strict=True)
        return [Delivery.from_record(one, record) for one, record in read if record]

    def redeliver(self, tenant: str, delivery_id: str) -> Delivery:
        """Make an ended delivery again, with the same bytes and event id.

        Raises:
            UnknownDelivery: There is none, or it is another tenant's.
            DeliveryPending: It is still under way.
            DeliveryErased: What it carried has been erased.
            EndpointDisabled: Its endpoint is disabled.
            TooManyPending: As many deliveries wait for it as may.
        """
        self._reopen("one", tenant, delivery_id, 0)
        return self.find(tenant, delivery_id)

    def recover(self, tenant: str, endpoint: str, since_ms: int) -> int:
        """Make again what was missed since an instant; return how many deliveries.

        No more than may wait at a time: called again later, it goes on.

        Raises:
            EndpointDisabled: The endpoint is disabled.
            TooManyPending: As many deliveries wait for it as may.
        """
        recovered = 0
        while True:
            opened = self._reopen("missed", tenant, endpoint, since_ms)
            recovered += opened
            if opened < _CHUNK:
                return recovered

    def call_off(self, endpoint: str, why: Literal["disabled", "deleted"]) -> None:
        """End whatever an endpoint was still to be told; with `deleted` its log too."""
        last = b""
        while True:
            last = self.ledger.run("call_off", endpoint, why, _CHUNK, last)
            if not last:
                return

    def publish(
        self, tenant: str, event_id: str, type_: str, body: bytes, *, endpoint: str = ""
    ) -> list[str]:
        """Post an event that is about no job; return the ids of its deliveries.

        Without an endpoint the same event is posted once.

        Args:
            tenant: Whose endpoints are told.
            event_id: The same for the same event.
            type_: Its type.
            body: What is sent.
            endpoint: The one endpoint that is told, whatever it takes.
        """
        ids = self.ledger.run("publish", event_id, type_, tenant, endpoint, body)
        return [one.decode() for one in ids]

    def _reopen(self, which: str, tenant: str, target: str, since_ms: int) -> int:
        outcome, *opened = self.ledger.run(
            "redeliver", which, tenant, target, since_ms, _CHUNK
        )
        if outcome != b"opened":
            raise _REFUSALS[outcome]
        return int(opened[0])


def lease_s(settings: WorkerSettings) -> float:
    """Return the seconds for which a worker may hold a delivery."""
    return settings.webhook_timeout_s + _LEASE_MARGIN_S

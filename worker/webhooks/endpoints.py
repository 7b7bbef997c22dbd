"""Registered endpoints: where a tenant's events go, which, and signed with what."""

import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import redis

from worker import ledger
from worker.jobs import rfc3339
from worker.settings import WorkerSettings
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.errors import TooManyEndpoints, UnknownEndpoint
from worker.webhooks.keyring import Keyring

#: Endpoints of one tenant: each adds a delivery to every event that it takes.
MOST = 20
#: Keys that Redis looks at in one step of a look at all.
_SCANNED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint as it stands; times in ms since the epoch."""

    id: str
    tenant: str
    url: str
    #: Event types and patterns, see `event_types.patterns`.
    events: Sequence[str]
    description: str = ""
    enabled: bool = True
    #: Why it is disabled: `by_client`, `gone` (it answered 410) or `failing`.
    disabled_reason: str | None = None
    disabled_ms: int | None = None
    created_ms: int
    #: Deliveries that are under way, and events that were not sent to it because it
    #: was disabled or too many were.
    pending: int = 0
    dropped: int = 0
    #: Since when it has answered with nothing but failures; None: it answers.
    failing_since_ms: int | None = None
    delivered_ms: int | None = None
    #: Until when it is left in peace.
    paused_until_ms: int | None = None

    @classmethod
    def from_record(
        cls,
        endpoint_id: str,
        record: Mapping[bytes, bytes],
        known: Mapping[bytes, bytes],
        pending: int,
    ) -> Self:
        """Read an endpoint from its record and from what is known of its receiver."""
        reason = record.get(b"disabled_reason")
        return cls(
            id=endpoint_id,
            tenant=record[b"tenant"].decode(),
            url=record[b"url"].decode(),
            events=record[b"events"].decode().split(),
            description=record.get(b"description", b"").decode(),
            enabled=record[b"enabled"] == b"1",
            disabled_reason=reason.decode() if reason else None,
            disabled_ms=_int(record.get(b"disabled_at")),
            created_ms=int(record[b"created"]),
            pending=pending,
            dropped=int(known.get(b"dropped", 0)),
            failing_since_ms=_int(known.get(b"failing_since")),
            delivered_ms=_int(known.get(b"delivered_at")),
            paused_until_ms=_int(known.get(b"paused_until")),
        )

    def public(self) -> dict[str, Any]:
        """Return what its tenant reads, without its secrets."""
        return {
            "id": self.id,
            "object": "webhook",
            "url": self.url,
            "events": list(self.events),
            "description": self.description,
            "enabled": self.enabled,
            "disabled_reason": self.disabled_reason,
            "disabled_at": rfc3339(self.disabled_ms),
            "created_at": rfc3339(self.created_ms),
            "pending": self.pending,
            "dropped": self.dropped,
            "failing_since": rfc3339(self.failing_since_ms),
            "last_delivered_at": rfc3339(self.delivered_ms),
            "paused_until": rfc3339(self.paused_until_ms),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a tenant wants of an endpoint; checked by who takes the request."""

    url: str
    events: Sequence[str] = field(default=("*",))
    description: str = ""
    enabled: bool = True


class Endpoints:
    """All endpoints of an installation, each seen by its tenant alone.

    Every verb passes `redis.RedisError` through when Redis cannot be reached.
    """

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        self._redis: Any = client
        self._keyring = Keyring(client, settings)
        self._deliveries = Deliveries(client, settings)

    def create(
        self, tenant: str, wanted: Wanted, *, secret: str | None = None
    ) -> tuple[Endpoint, str]:
        """Make an endpoint; return it with its secret.

        Raises:
            TooManyEndpoints: The tenant has as many as it may.
            NoSecretKeys: The installation has no key to seal the secret with.
        """
        if self._redis.hlen(ledger.subscriptions_key(tenant)) >= MOST:
            raise TooManyEndpoints
        endpoint_id = "wh_" + random.token_hex(12)
        sealed, secret = self._keyring.new(secret)
        seconds, micros = self._redis.time()
        record = {
            "tenant": tenant,
            "created": seconds * 1000 + micros // 1000,
            "secrets": sealed,
        }
        self._write(tenant, endpoint_id, wanted, record)
        return self.find(tenant, endpoint_id), secret

    def list(self, tenant: str) -> list[Endpoint]:
        """Return the endpoints of a tenant, oldest first."""
        ids = [key.decode() for key in self._redis.hkeys(self._index(tenant))]
        found = [endpoint for one in ids if (endpoint := self._read(one))]
        return sorted(found, key=lambda one: (one.created_ms, one.id))

    def tenants(self) -> Sequence[str]:
        """Return all tenants that have endpoints, in order; it looks at every key."""
        pattern = self._index("*")
        found = self._redis.scan_iter(match=pattern, count=_SCANNED)
        return sorted({key.decode().removeprefix(pattern[:-1]) for key in found})

    def find(self, tenant: str, endpoint_id: str) -> Endpoint:
        """Return an endpoint.

        Raises:
            UnknownEndpoint: There is none, or it is another tenant's.
        """
        endpoint = self._read(endpoint_id)
        if endpoint is None or endpoint.tenant != tenant:
            raise UnknownEndpoint
        return endpoint

    def update(self, tenant: str, endpoint_id: str, wanted: Wanted) -> Endpoint:
        """Change an endpoint; one that is enabled anew starts with a clean slate.

        Raises:
            UnknownEndpoint: There is none, or it is another tenant's.
        """
        before = self.find(tenant, endpoint_id)
        if wanted.enabled and not before.enabled:
            self._forgive(endpoint_id)
        if not wanted.enabled and before.enabled:
            # Of its own will: no event tells of it.
            seconds, micros = self._redis.time()
            at = seconds * 1000 + micros // 1000
            why = {"disabled_reason": "by_client", "disabled_at": at}
            self._write(tenant, endpoint_id, wanted, why)
            self._deliveries.call_off(endpoint_id, "disabled")
        else:
            self._write(tenant, endpoint_id, wanted, {})
        return self.find(tenant, endpoint_id)

    def delete(self, tenant: str, endpoint_id: str) -> None:
        """Delete an endpoint, its log and what it was still to be told.

        Raises:
            UnknownEndpoint: There is none, or it is another tenant's.
        """
        self.find(tenant, endpoint_id)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hdel(self._index(tenant), endpoint_id)
        pipe.delete(ledger.endpoint_key("webhook", endpoint_id))
        pipe.execute()
        self._deliveries.call_off(endpoint_id, "deleted")

    def rotate_secret(
        self, tenant: str, endpoint_id: str, *, secret: str | None = None
    ) -> str:
        """Return a new secret; the one before signs beside it for a day.

        Raises:
            UnknownEndpoint: There is none, or it is another tenant's.
        """
        self.find(tenant, endpoint_id)
        return self._keyring.rotate(endpoint_id, secret)

    def _write(
        self, tenant: str, endpoint_id: str, wanted: Wanted, more: Mapping[str, Any]
    ) -> None:
        events = " ".join(wanted.events)
        fields = {
            "url": wanted.url,
            "events": events,
            "description": wanted.description,
            "enabled": int(wanted.enabled),
        }
        mode = "on" if wanted.enabled else "off"
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(
            ledger.endpoint_key("webhook", endpoint_id), mapping={**fields, **more}
        )
        if wanted.enabled:
            pipe.hdel(
                ledger.endpoint_key("webhook", endpoint_id),
                "disabled_reason",
                "disabled_at",
            )
        pipe.hset(self._index(tenant), endpoint_id, f"{mode} {events}")
        pipe.execute()

    def _forgive(self, endpoint_id: str) -> None:
        names = ("failing_since", "in_a_row", "weight", "opened", "paused_until")
        self._redis.hdel(ledger.endpoint_key("destination", endpoint_id), *names)

    def _read(self, endpoint_id: str) -> Endpoint | None:
        pipe = self._redis.pipeline(transaction=False)
        pipe.hgetall(ledger.endpoint_key("webhook", endpoint_id))
        pipe.hgetall(ledger.endpoint_key("destination", endpoint_id))
        pipe.zcard(ledger.endpoint_key("deliveries", endpoint_id))
        pipe.zcard(ledger.endpoint_key("ended", endpoint_id))
        pipe.zcard(ledger.endpoint_key("missed", endpoint_id))
        record, known, all_, *ended = pipe.execute()
        if b"url" not in record:
            return None
        return Endpoint.from_record(
            endpoint_id, record, known, max(0, all_ - sum(ended))
        )

    def _index(self, tenant: str) -> str:
        return ledger.subscriptions_key(tenant)


def _int(value: bytes | None) -> int | None:
    return int(value) if value else None

"""Registered endpoints: where a tenant's events go, which, and signed with what."""

import dataclasses
import secrets as random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import redis

from worker import connection, keys
from worker.jobs import rfc3339
from worker.settings import WorkerSettings
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.errors import TooManyEndpoints, UnknownEndpoint, WebhookError
from worker.webhooks.keyring import DEFAULT, Keyring, default_owner

#: Endpoints of one tenant: each adds a delivery to every event that it takes.
MOST = 20
#: What makes a record that of an endpoint.
_NEEDED = frozenset((b"tenant", b"url", b"events", b"enabled", b"created"))
_REFUSALS: dict[bytes, type[WebhookError]] = {
    b"unknown": UnknownEndpoint,
    b"too_many": TooManyEndpoints,
}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to change of an endpoint; None: it stays as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    description: str | None = None
    enabled: bool | None = None

    def fields(self) -> Iterator[str | int]:
        """Return names and values of the record's fields in turn."""
        if self.url is not None:
            yield from ("url", self.url)
        if self.events is not None:
            yield from ("events", " ".join(self.events))
        if self.description is not None:
            yield from ("description", self.description)
        if self.enabled is not None:
            yield from ("enabled", int(self.enabled))


@dataclass(frozen=True, slots=True)
class OfRequests:
    """What stands for an endpoint where requests bring their own webhook."""

    #: As of an `Endpoint`.
    pending: int
    dropped: int

    def public(self) -> dict[str, Any]:
        """Return what its tenant reads."""
        # Nothing is said of receivers: each is known by itself.
        alike = Endpoint(
            id=DEFAULT,
            tenant="",
            url="",
            events=["prediction.*"],
            created_ms=0,
            pending=self.pending,
            dropped=self.dropped,
        )
        return {**alike.public(), "url": None, "created_at": None}


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
        endpoint_id = "wh_" + random.token_hex(12)
        sealed, secret = self._keyring.new(secret)
        change = Change(**dataclasses.asdict(wanted))
        self._run("create", tenant, endpoint_id, "secrets", sealed, *change.fields())
        return self.find(tenant, endpoint_id), secret

    def list(self, tenant: str) -> list[Endpoint]:
        """Return the endpoints of a tenant, oldest first."""
        ids = [
            key.decode() for key in self._redis.hkeys(keys.subscriptions_key(tenant))
        ]
        found = [endpoint for one in ids if (endpoint := self._read(one))]
        return sorted(found, key=lambda one: (one.created_ms, one.id))

    def tenants(self) -> Sequence[str]:
        """Return all tenants that have endpoints, in order; it looks at every key."""
        return connection.names(self._redis, keys.subscriptions_key(""))

    def find(self, tenant: str, endpoint_id: str) -> Endpoint:
        """Return an endpoint.

        Raises:
            UnknownEndpoint: There is none, or it is another tenant's.
        """
        endpoint = self._read(endpoint_id)
        if endpoint is None or endpoint.tenant != tenant:
            raise UnknownEndpoint
        return endpoint

    def owner(self, tenant: str, endpoint_id: str) -> str:
        """Return under which name the log and secrets of an endpoint are kept.

        Args:
            tenant: Whose it is.
            endpoint_id: Its id, or `default`.

        Raises:
            UnknownEndpoint: There is none, or it is another tenant's.
        """
        if endpoint_id == DEFAULT:
            return default_owner(tenant)
        return self.find(tenant, endpoint_id).id

    def of_requests(self, tenant: str) -> OfRequests:
        """Return what waits for the URLs that a tenant's requests bring."""
        owner = default_owner(tenant)
        pipe = self._redis.pipeline(transaction=False)
        pipe.hget(keys.endpoint_key("destination", owner), "dropped")
        pipe.zcard(keys.endpoint_key("deliveries", owner))
        pipe.zcard(keys.endpoint_key("ended", owner))
        pipe.zcard(keys.endpoint_key("missed", owner))
        dropped, all_, *ended = pipe.execute()
        return OfRequests(pending=max(0, all_ - sum(ended)), dropped=int(dropped or 0))

    def update(self, tenant: str, endpoint_id: str, change: Change) -> Endpoint:
        """Change an endpoint; one that is enabled anew or moves has a clean slate.

        Raises:
            UnknownEndpoint: There is none, or it is another tenant's.
        """
        if self._run("change", tenant, endpoint_id, *change.fields()) == b"off":
            self._deliveries.call_off(endpoint_id, "disabled")
        return self.find(tenant, endpoint_id)

    def delete(self, tenant: str, endpoint_id: str) -> None:
        """Delete an endpoint, its log and what it was still to be told.

        Raises:
            UnknownEndpoint: There is none, or it is another tenant's.
        """
        self._run("delete", tenant, endpoint_id)
        self._deliveries.call_off(endpoint_id, "deleted")

    def rotate_secret(
        self, tenant: str, endpoint_id: str, *, secret: str | None = None
    ) -> str:
        """Return a new secret, of `default` too; the one before signs on for a day.

        Raises:
            UnknownEndpoint: There is no such endpoint, or it is another tenant's.
            TooManySecrets: As many sign already as may.
        """
        return self._keyring.rotate(self.owner(tenant, endpoint_id), secret)

    def _run(self, verb: str, tenant: str, endpoint_id: str, *fields: Any) -> bytes:
        outcome: bytes = self._deliveries.ledger.run(
            "change_endpoint", verb, tenant, endpoint_id, MOST, *fields
        )
        if refusal := _REFUSALS.get(outcome):
            raise refusal
        return outcome

    def _read(self, endpoint_id: str) -> Endpoint | None:
        pipe = self._redis.pipeline(transaction=False)
        pipe.hgetall(keys.endpoint_key("webhook", endpoint_id))
        pipe.hgetall(keys.endpoint_key("destination", endpoint_id))
        pipe.zcard(keys.endpoint_key("deliveries", endpoint_id))
        pipe.zcard(keys.endpoint_key("ended", endpoint_id))
        pipe.zcard(keys.endpoint_key("missed", endpoint_id))
        record, known, all_, *ended = pipe.execute()
        if not record.keys() >= _NEEDED:
            # Of what a tenant cannot read it can make nothing either.
            return None
        return Endpoint.from_record(
            endpoint_id, record, known, max(0, all_ - sum(ended))
        )


def _int(value: bytes | None) -> int | None:
    return int(value) if value else None

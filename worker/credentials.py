"""API keys in Redis: made, found, revoked; of a secret only its hash is kept."""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

import orjson
import redis

from worker.jobs import rfc3339
from worker.keys import API_KEYS
from worker.limits import RateLimit

#: Everything that a key can be allowed to do.
SCOPES = ("predict", "read", "webhooks", "figures", "operate")
#: What of that reaches over all tenants.
RESERVED = frozenset({"figures", "operate"})
#: The one tenant whose keys may carry it.
OPERATOR_TENANT = "operator"

_TOKEN = re.compile(r"kb_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})")
_ID = re.compile(r"[0-9A-Za-z]{12}")
#: No space or colon: the ledger's records and key names are split at them.
TENANT = r"[a-z0-9][a-z0-9_-]{0,62}"
_ALPHABET = string.digits + string.ascii_letters
_ID_LENGTH = 12
#: 43 letters of 62 hold the 256 bits of a sha256, so that guessing has no short cut.
_SECRET_LENGTH = 43
#: Characters of a token: `kb_<id>_<secret>`.
TOKEN_LENGTH = len("kb_") + _ID_LENGTH + len("_") + _SECRET_LENGTH
#: Characters of a key's name, at most.
MAX_NAME = 100
#: Text of one line: a name is shown in tables.
ONE_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*"


class InvalidKeyRequest(ValueError):
    """A key cannot be made as asked; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept: everything but its secret."""

    id: str
    #: Hex digest of the secret.
    secret_sha256: str
    tenant: str
    scopes: frozenset[str]
    #: For the people who look after keys.
    name: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    #: Requests that it may send; None: as many as the settings say.
    rate_limit: RateLimit | None = None

    def is_usable(self, now: datetime) -> bool:
        """Tell whether the key is neither revoked nor expired."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not expired

    def state(self, now: datetime) -> str:
        """Return `usable`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "usable" if self.is_usable(now) else "expired"

    def public(self, now: datetime, last_used_at: datetime | None) -> dict[str, Any]:
        """Return what may be shown of the key."""
        return {
            "id": self.id,
            "tenant": self.tenant,
            "scopes": sorted(self.scopes),
            "name": self.name,
            "state": self.state(now),
            "created_at": _told(self.created_at),
            "expires_at": _told(self.expires_at),
            "revoked_at": _told(self.revoked_at),
            "last_used_at": _told(last_used_at),
            "rate_limit": self.rate_limit and str(self.rate_limit),
        }

    def opens(self, secret: str) -> bool:
        """Tell whether `secret` is this key's, in a time that betrays nothing."""
        return hmac.compare_digest(_digest(secret), self.secret_sha256)

    @classmethod
    def from_json(cls, key_id: str, text: bytes) -> Self:
        """Read a key from its stored form."""
        record = orjson.loads(text)
        return cls(
            id=key_id,
            secret_sha256=record["secret_sha256"],
            tenant=record["tenant"],
            scopes=frozenset(record["scopes"]),
            name=record["name"],
            created_at=datetime.fromisoformat(record["created_at"]),
            expires_at=_instant(record["expires_at"]),
            revoked_at=_instant(record["revoked_at"]),
            # Absent in keys that an older release made.
            rate_limit=_limit(record.get("rate_limit")),
        )

    def to_json(self) -> bytes:
        """Return the stored form."""
        return orjson.dumps(
            {
                "secret_sha256": self.secret_sha256,
                "tenant": self.tenant,
                "scopes": sorted(self.scopes),
                "name": self.name,
                "created_at": self.created_at,
                "expires_at": self.expires_at,
                "revoked_at": self.revoked_at,
                "rate_limit": self.rate_limit,
            }
        )


def split_token(token: str) -> tuple[str, str] | None:
    """Return key id and secret of `kb_<keyid>_<secret>`, None for anything else."""
    match = _TOKEN.fullmatch(token)
    return (match[1], match[2]) if match else None


def id_in(text: str) -> str | None:
    """Return the id that a text is, or that of the token that it is; else None.

    Who looks after keys has tokens at hand and pastes them where ids belong: what was
    meant is plain, and the secret in it goes no further.
    """
    if parts := split_token(text):
        return parts[0]
    return text if _ID.fullmatch(text) else None


def _now() -> datetime:
    return datetime.now(UTC)


class ApiKeys:
    """All API keys of an installation.

    Args:
        client: Where they are kept.
        now: The clock that stamps and expires keys.
    """

    def __init__(
        self, client: redis.Redis, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._redis: Any = client
        self._now = now

    def create(
        self,
        *,
        tenant: str,
        scopes: Iterable[str],
        name: str = "",
        expires_at: datetime | None = None,
        rate_limit: RateLimit | None = None,
    ) -> tuple[str, ApiKey]:
        """Make a key and return its token, shown this once, with what is kept of it.

        Raises:
            InvalidKeyRequest: Tenant, scopes, expiry or name cannot be.
        """
        wanted = frozenset(scopes)
        _check(tenant, wanted, expires_at, self._now())
        _check_name(name)
        secret = _random(_SECRET_LENGTH)
        key = ApiKey(
            id=_random(_ID_LENGTH),
            secret_sha256=_digest(secret),
            tenant=tenant,
            scopes=wanted,
            name=name,
            created_at=self._now(),
            expires_at=expires_at,
            rate_limit=rate_limit,
        )
        self._redis.hset(API_KEYS, key.id, key.to_json())
        return f"kb_{key.id}_{secret}", key

    def find(self, key_id: str) -> ApiKey | None:
        """Return a key, revoked and expired ones too; None when there is none."""
        text = self._redis.hget(API_KEYS, key_id)
        return ApiKey.from_json(key_id, text) if text else None

    def list(self) -> Sequence[ApiKey]:
        """Return every key, oldest first."""
        rows = self._redis.hgetall(API_KEYS)
        keys = [ApiKey.from_json(field.decode(), text) for field, text in rows.items()]
        return sorted(keys, key=lambda key: (key.created_at, key.id))

    def carries_last(self, scope: str, key_id: str) -> bool:
        """Tell whether no usable key but this one carries a scope."""
        now = self._now()
        carrying = [key for key in self.list() if scope in key.scopes]
        return [key.id for key in carrying if key.is_usable(now)] == [key_id]

    def revoke(self, key_id: str) -> ApiKey | None:
        """Revoke a key; a second time changes nothing; None when there is none."""
        key = self.find(key_id)
        if key is None or key.revoked_at is not None:
            return key
        revoked = replace(key, revoked_at=self._now())
        self._redis.hset(API_KEYS, key_id, revoked.to_json())
        return revoked


def _check(
    tenant: str, scopes: frozenset[str], expires_at: datetime | None, now: datetime
) -> None:
    if not re.fullmatch(TENANT, tenant):
        raise InvalidKeyRequest(
            f"tenant {tenant!r} cannot be used: expected 1 to 63 lower-case letters, "
            "digits, '-' and '_', beginning with a letter or digit"
        )
    unknown = scopes.difference(SCOPES)
    if unknown or not scopes:
        raise InvalidKeyRequest(
            f"scopes {sorted(unknown)} do not exist: choose one or more of {SCOPES}"
        )
    if RESERVED & scopes and tenant != OPERATOR_TENANT:
        raise InvalidKeyRequest(
            f"scopes {sorted(RESERVED)} reach over all tenants: only keys of the "
            f"tenant {OPERATOR_TENANT!r} may carry them, not {tenant!r}"
        )
    if expires_at is None:
        return
    if expires_at.tzinfo is None or expires_at <= now:
        raise InvalidKeyRequest(
            f"expiry {expires_at} cannot be used: expected a future instant with zone"
        )


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME or not re.fullmatch(ONE_LINE, name):
        raise InvalidKeyRequest(
            f"name of {len(name)} characters cannot be used: expected one line of at "
            f"most {MAX_NAME} characters"
        )


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else rfc3339(int(instant.timestamp() * 1000))


def _limit(record: dict[str, int] | None) -> RateLimit | None:
    return RateLimit(**record) if record else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

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

from worker.ledger import API_KEYS

#: Everything that a key can be allowed to do.
SCOPES = ("predict", "read", "webhooks", "operate")
#: The one tenant whose keys may carry `operate`, which reaches over all tenants.
OPERATOR_TENANT = "operator"

_TOKEN = re.compile(r"kb_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})")
#: No space or colon: the ledger's records and key names are split at them.
TENANT = r"[a-z0-9][a-z0-9_-]{0,62}"
_ALPHABET = string.digits + string.ascii_letters
_ID_LENGTH = 12
#: 43 letters of 62 hold the 256 bits of a sha256, so that guessing has no short cut.
_SECRET_LENGTH = 43


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

    def is_usable(self, now: datetime) -> bool:
        """Tell whether the key is neither revoked nor expired."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not expired

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
            }
        )


def split_token(token: str) -> tuple[str, str] | None:
    """Return key id and secret of `kb_<keyid>_<secret>`, None for anything else."""
    match = _TOKEN.fullmatch(token)
    return (match[1], match[2]) if match else None


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
    ) -> tuple[str, ApiKey]:
        """Make a key and return its token, shown this once, with what is kept of it.

        Raises:
            InvalidKeyRequest: Tenant, scopes or expiry cannot be.
        """
        wanted = frozenset(scopes)
        _check(tenant, wanted, expires_at, self._now())
        secret = _random(_SECRET_LENGTH)
        key = ApiKey(
            id=_random(_ID_LENGTH),
            secret_sha256=_digest(secret),
            tenant=tenant,
            scopes=wanted,
            name=name,
            created_at=self._now(),
            expires_at=expires_at,
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
    if "operate" in scopes and tenant != OPERATOR_TENANT:
        raise InvalidKeyRequest(
            f"scope 'operate' reaches over all tenants: only keys of the tenant "
            f"{OPERATOR_TENANT!r} may carry it, not {tenant!r}"
        )
    if expires_at is None:
        return
    if expires_at.tzinfo is None or expires_at <= now:
        raise InvalidKeyRequest(
            f"expiry {expires_at} cannot be used: expected a future instant with zone"
        )


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

"""The secrets that deliveries are signed with: sealed in Redis, rotated, read."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import redis

from worker import connection, keys
from worker.settings import WorkerSettings
from worker.webhooks.errors import TooManySecrets, UnknownEndpoint
from worker.webhooks.sealing import SecretBox
from worker.webhooks.signing import new_secret

#: Milliseconds for which the secret before signs beside a new one.
GRACE_MS = 86_400_000
#: Secrets that sign at a time, at most: each adds a signature to every event.
MOST_SECRETS = 10
#: What stands for the id of an endpoint where requests bring their own webhook.
DEFAULT = "default"
_FIELD = "secrets"


@dataclass(frozen=True, slots=True)
class Target:
    """Where an endpoint is and what signs for it, read together."""

    #: Empty where each request names its own.
    url: str
    secrets: Sequence[str] = field(repr=False)


class Keyring:
    """The secrets of all endpoints, and of the tenants' requests' own webhooks.

    Args:
        client: Where they are kept.
        settings: The keys that seal them.
        now_ms: Milliseconds since the epoch.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: WorkerSettings,
        *,
        now_ms: Callable[[], float] = lambda: time.time() * 1000,
    ) -> None:
        self._redis: Any = client
        self._keys = settings.secret_keys
        self._now_ms = now_ms

    def new(self, secret: str | None = None) -> tuple[bytes, str]:
        """Return a first secret as it is kept and as it is shown.

        Raises:
            NoSecretKeys: There is no key to seal it with.
        """
        secret = secret or new_secret()
        return self._sealed([(secret, None)]), secret

    def secrets(self, endpoint_id: str) -> Sequence[str]:
        """Return the secrets that sign for an endpoint now, the newest first.

        Raises:
            NoSecretKeys: The installation has no keys.
            WrongSecretKeys: None of them opens what is kept.
        """
        now = self._now_ms()
        return [
            secret
            for secret, until in self._read(endpoint_id)
            if until is None or until > now
        ]

    def target(self, endpoint_id: str, tenant: str) -> Target:
        """Return where an endpoint's deliveries go and what signs them now.

        Args:
            endpoint_id: Its id, or `default:<tenant>`.
            tenant: Whose it is.

        Raises:
            NoSecretKeys: There is no key to seal a first secret with.
            WrongSecretKeys: None of the installation's keys opens them.
        """
        if endpoint_id == default_owner(tenant):
            self.default(tenant)
        url = self._redis.hget(keys.endpoint_key("webhook", endpoint_id), "url") or b""
        return Target(url.decode(), self.secrets(endpoint_id))

    def default(self, tenant: str) -> str:
        """Return the secret of a tenant's requests' own webhooks, made on first use.

        Raises:
            NoSecretKeys: There is no key to seal it with.
            WrongSecretKeys: None of the installation's keys opens it.
        """
        owner = default_owner(tenant)
        if not self._redis.hexists(keys.endpoint_key("webhook", owner), _FIELD):
            sealed, _ = self.new()
            self._redis.hsetnx(keys.endpoint_key("webhook", owner), _FIELD, sealed)
        return self.secrets(owner)[0]

    def rotate(self, owner: str, secret: str | None = None) -> str:
        """Return a new secret; those before sign beside it for a day from their end.

        Raises:
            TooManySecrets: As many sign already as may.
            UnknownEndpoint: The endpoint was deleted meanwhile.
            NoSecretKeys: There is no key to seal it with.
            WrongSecretKeys: None of the installation's keys opens the old one.
        """
        secret = secret or new_secret()
        key = keys.endpoint_key("webhook", owner)

        def write(pipe: Any) -> None:
            now = self._now_ms()
            known = pipe.hget(key, _FIELD)
            if known is None and not owner.startswith(default_owner("")):
                raise UnknownEndpoint
            kept = [
                (old, until or round(now + GRACE_MS))
                for old, until in self._opened(known)
                if (until is None or until > now) and old != secret
            ]
            if len(kept) >= MOST_SECRETS:
                # To drop one would break the promise that was made for it.
                raise TooManySecrets
            pipe.multi()
            pipe.hset(key, _FIELD, self._sealed([(secret, None), *kept]))

        self._redis.transaction(write, key)
        return secret

    def owners(self) -> Sequence[str]:
        """Return all who have secrets: endpoints, and `default:<tenant>`.

        It looks at every key.
        """
        return connection.names(self._redis, keys.endpoint_key("webhook", ""))

    def reseal(self, owner: str) -> int:
        """Seal the secrets of one owner anew with the first key; return how many.

        Raises:
            NoSecretKeys: The installation has no keys.
            WrongSecretKeys: None of them opens what is kept, which stays as it is.
        """
        key = keys.endpoint_key("webhook", owner)
        opened: list[tuple[str, int | None]] = []

        def write(pipe: Any) -> None:
            opened[:] = self._opened(pipe.hget(key, _FIELD))
            pipe.multi()
            if opened:
                pipe.hset(key, _FIELD, self._sealed(opened))

        self._redis.transaction(write, key)
        return len(opened)

    def _read(self, owner: str) -> list[tuple[str, int | None]]:
        return self._opened(
            self._redis.hget(keys.endpoint_key("webhook", owner), _FIELD)
        )

    def _opened(self, kept: bytes | None) -> list[tuple[str, int | None]]:
        box = SecretBox(self._keys)
        return [
            (box.open(sealed.encode()), until)
            for sealed, until in orjson.loads(kept or b"[]")
        ]

    def _sealed(self, secrets: Sequence[tuple[str, int | None]]) -> bytes:
        box = SecretBox(self._keys)
        return orjson.dumps(
            [(box.seal(secret).decode(), until) for secret, until in secrets]
        )


def default_owner(tenant: str) -> str:
    """Return under which name that of a tenant is kept."""
    return f"{DEFAULT}:{tenant}"

"""Who calls: Bearer keys, their scopes, and a short memory of both."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from api.errors import InvalidKey, MissingKey, MissingScope
from api.headers import JSON
from worker.credentials import (
    OPERATOR_TENANT,
    RESERVED,
    TOKEN_LENGTH,
    ApiKey,
    ApiKeys,
    split_token,
)
from worker.limits import Meter, RateLimit

#: Keys that a process remembers, good and bad ones apart: a guesser with a new token
#: in each request cannot push out the keys that are in use.
_REMEMBERED = 4096

_View = TypeVar("_View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request."""

    key_id: str
    tenant: str
    scopes: frozenset[str]
    #: By which its submits count; None where nobody counts.
    meter: Meter | None = None

    def require(self, scope: str) -> None:
        """Let pass who carries `scope`.

        Raises:
            MissingScope: The key does not carry it.
        """
        if scope not in self.scopes:
            raise MissingScope(scope)


@dataclass(frozen=True, slots=True)
class _Memory:
    principal: Principal | None
    #: Monotonic second at which this is forgotten.
    until: float


class _Recent:
    """The last few tokens seen, by digest, least recently stored dropped first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[bytes, _Memory] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes, now: float) -> _Memory | None:
        memory = self._entries.get(digest)
        return memory if memory is not None and now < memory.until else None

    def put(self, digest: bytes, memory: _Memory) -> None:
        with self._lock:
            self._entries[digest] = memory
            self._entries.move_to_end(digest)
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)


class Authenticator:
    """Turns an Authorization header into a principal.

    Args:
        keys: Where keys are kept.
        cache_s: Seconds for which a key is remembered, known or unknown.
        limit: Rate limit of keys that have none of their own; None: they have none.
        clock: Monotonic seconds.
        now: The clock that keys expire by.
    """

    def __init__(
        self,
        keys: ApiKeys,
        *,
        cache_s: float,
        limit: RateLimit | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._keys = keys
        self._cache_s = cache_s
        self._limit = limit
        self._clock = clock
        self._now = now
        self._known = _Recent(_REMEMBERED)
        self._unknown = _Recent(_REMEMBERED)

    def authenticate(
        self, header: str | None, *, before_lookup: Callable[[], None]
    ) -> Principal:
        """Return who carries the token of `header`.

        Args:
            header: The Authorization header.
            before_lookup: Called before Redis is asked, which a remembered key saves.

        Raises:
            MissingKey: There is no Bearer token.
            InvalidKey: The token is none, or its key is unknown, revoked or expired.
            redis.RedisError: The key could not be looked up.
        """
        token = _bearer(header)
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock()
        memory = self._known.get(digest, now) or self._unknown.get(digest, now)
        if memory is None:
            parts = split_token(token)
            if parts is None:
                raise InvalidKey
            before_lookup()
            memory = self._look_up(digest, *parts)
        if memory.principal is None:
            raise InvalidKey
        return memory.principal

    def _look_up(self, digest: bytes, key_id: str, secret: str) -> _Memory:
        key = self._keys.find(key_id)
        now = self._now()
        lasts_s = self._cache_s
        principal = None
        if key is not None and key.opens(secret) and key.is_usable(now):
            principal = _principal(key, key.rate_limit or self._limit)
            if key.expires_at is not None:
                lasts_s = min(lasts_s, (key.expires_at - now).total_seconds())
        memory = _Memory(principal, self._clock() + lasts_s)
        (self._known if principal else self._unknown).put(digest, memory)
        return memory


def requires(*scopes: str, offers: Sequence[str] = (JSON,)) -> Callable[[_View], _View]:
    """Mark a view: only keys that carry each scope reach it.

    Args:
        scopes: What the key must be allowed to do.
        offers: Media types of its answers, one of which the Accept header must let
            pass; the first is sent to who has no preference.
    """

    def mark(view: _View) -> _View:
        view.scopes = scopes  # type: ignore[attr-defined]
        view.offers = offers  # type: ignore[attr-defined]
        return view

    return mark


def public(view: _View) -> _View:
    """Mark a view: it is served to anybody."""
    view.scopes = ()  # type: ignore[attr-defined]
    return view


def _bearer(header: str | None) -> str:
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise MissingKey
    if len(token) > TOKEN_LENGTH:
        # Not even hashed: what is no token costs as little as can be.
        raise InvalidKey
    return token


def _principal(key: ApiKey, limit: RateLimit | None) -> Principal:
    scopes = key.scopes
    if key.tenant != OPERATOR_TENANT:
        # A record written by other hands cannot lend a tenant the operator's reach.
        scopes -= RESERVED
    elif "operate" in scopes:
        scopes |= RESERVED
    meter = Meter(key.id, limit) if limit else None
    return Principal(key.id, key.tenant, scopes, meter)

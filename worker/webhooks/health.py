"""How receivers are over all tenants: who is left alone, who was given up."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import redis

from worker import keys
from worker.jobs import rfc3339

#: Receivers and endpoints that are shown, and tenants whose endpoints are counted.
_SHOWN, _TENANTS = 100, 1000


class WebhookHealth:
    """Reads it; passes `redis.RedisError` through when Redis cannot be reached."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis: Any = client

    def paused(self) -> dict[str, Any]:
        """Return the receivers that are left alone for a while, the longest first."""
        key = keys.lane_key("cooling", keys.WEBHOOKS)
        pipe = self._redis.pipeline(transaction=False)
        pipe.zcard(key)
        pipe.zrevrange(key, 0, _SHOWN - 1, withscores=True)
        count, raw = pipe.execute()
        until = {member.decode(): int(score) for member, score in raw}
        receivers = zip(until.items(), self._receivers([*until]), strict=True)
        return {
            "paused_count": count,
            "paused_receivers": [
                {"destination": destination, "until": rfc3339(until_ms), **told}
                for (destination, until_ms), told in receivers
            ],
        }

    def endpoints(self, tenants: Iterable[str]) -> dict[str, Any]:
        """Return how many endpoints there are, and those that are disabled.

        Args:
            tenants: Whose; the first 1,000 of them are looked at.
        """
        pipe = self._redis.pipeline(transaction=False)
        for tenant in sorted(set(tenants))[:_TENANTS]:
            pipe.hgetall(keys.subscriptions_key(tenant))
        modes = [found for one in pipe.execute() for found in one.items()]
        off = [endpoint.decode() for endpoint, mode in modes if mode.startswith(b"off")]
        return {
            "endpoint_count": len(modes),
            "disabled_count": len(off),
            "disabled_endpoints": self._disabled(sorted(off)[:_SHOWN]),
        }

    def _receivers(self, destinations: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield what is known of receivers: whose they are, and what waits for them."""
        pipe = self._redis.pipeline(transaction=False)
        for one in destinations:
            pipe.hmget(keys.endpoint_key("webhook", one), "tenant", "url")
            known = ("tenant", "origin", "failing_since")
            pipe.hmget(keys.endpoint_key("destination", one), *known)
            pipe.zcard(keys.endpoint_key("parked", one))
        answers = pipe.execute()
        by_receiver = zip(*[iter(answers)] * 3, strict=True)
        for (tenant, url), (of_origin, origin, since), parked in by_receiver:
            yield {
                # A registered endpoint has a record; an origin is known by its pause.
                "tenant": _text(tenant or of_origin),
                "origin": _origin(url) if url else _text(origin),
                "parked": parked,
                "failing_since": rfc3339(int(since) if since else None),
            }

    def _disabled(self, endpoints: Sequence[str]) -> list[dict[str, Any]]:
        pipe = self._redis.pipeline(transaction=False)
        fields = ("tenant", "url", "disabled_reason", "disabled_at")
        for one in endpoints:
            pipe.hmget(keys.endpoint_key("webhook", one), *fields)
        return [
            {
                "webhook": endpoint,
                "tenant": _text(tenant),
                "origin": _origin(url) if url else None,
                "reason": _text(reason),
                "since": rfc3339(int(since) if since else None),
            }
            for endpoint, (tenant, url, reason, since) in zip(
                endpoints, pipe.execute(), strict=True
            )
        ]


def _origin(url: bytes) -> str:
    """Return scheme, host and port: what follows may be a secret of the receiver."""
    parts = urlsplit(url.decode())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()

"""Pauses of lanes: a paused lane takes jobs, and no worker claims any.

A pause lasts until somebody ends it, so it tells who began it, when and why.
"""

import contextlib
from dataclasses import asdict, dataclass

import orjson
import redis
from redis.exceptions import OutOfMemoryError

from worker.connection import clock_ms
from worker.keys import lane_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause that lasts; nothing more is known of one that was set by hand."""

    #: In ms since the epoch.
    since_ms: int | None = None
    #: `key:<id>` of an API key, or `cli:<user>` of the operating system.
    by: str = ""
    reason: str = ""

    @classmethod
    def parse(cls, value: bytes | None) -> "Pause | None":
        """Read what is kept of a lane; None where it is not paused."""
        if value is None:
            return None
        try:
            return cls(**orjson.loads(value))
        except (TypeError, ValueError):
            return cls()


def begin(client: redis.Redis, lane: str, *, by: str = "", reason: str = "") -> None:
    """Let no worker claim from a lane until its pause ends; one that lasts stays.

    Args:
        client: Where the lane is.
        lane: Which one.
        by: Who wants it, as the audit log names them.
        reason: Why, for those who find it.

    Raises:
        redis.OutOfMemoryError: Redis is full, and takes no pause either.
    """
    pause = Pause(since_ms=clock_ms(client.time()), by=by, reason=reason)
    client.set(lane_key("paused", lane), orjson.dumps(asdict(pause)), nx=True)


def end(client: redis.Redis, lane: str) -> None:
    """Let workers claim from a lane again."""
    client.delete(lane_key("paused", lane))
    # A full server takes no bell: workers ask by themselves within a second.
    with contextlib.suppress(OutOfMemoryError):
        client.lpush(lane_key("bell", lane), "1")

"""The audit log: what operators did, newest first, without any secret."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
import redis

from worker.jobs import rfc3339
from worker.ledger import AUDIT

#: Actions that are kept.
KEPT = 10_000
#: Ids of one action that are listed, at most; its `target_count` counts all.
MAX_TARGETS = 100

Outcome = Literal["done", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What an operator did, or tried to do."""

    time: datetime
    #: `key:<id>` of an API key, or `cli:<user>` of the operating system.
    actor: str
    #: Operation id of the HTTP API, which a command shares that does the same.
    operation: str
    #: Ids of what it was about.
    targets: Sequence[str]
    #: Of the HTTP request; a command has none.
    request_id: str | None = None
    outcome: Outcome = "done"

    def to_json(self) -> bytes:
        """Return the stored form, which is also that which is shown."""
        return orjson.dumps(
            {
                "time": rfc3339(int(self.time.timestamp() * 1000)),
                "actor": self.actor,
                "operation": self.operation,
                "targets": list(self.targets[:MAX_TARGETS]),
                "target_count": len(self.targets),
                "request_id": self.request_id,
                "outcome": self.outcome,
            }
        )


class Audit:
    """The audit log of an installation.

    Args:
        client: Where it is kept.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def keep(self, action: Action) -> None:
        """Write an action; the oldest of more than 10,000 goes.

        Raises:
            redis.RedisError: Redis cannot be reached, or takes no writes.
        """
        pipe = self._redis.pipeline()
        pipe.lpush(AUDIT, action.to_json())
        pipe.ltrim(AUDIT, 0, KEPT - 1)
        pipe.execute()

    def newest(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest actions, newest first."""
        found: Any = self._redis.lrange(AUDIT, 0, limit - 1)
        return [orjson.loads(text) for text in found]

"""How often stored prices were read, and how fresh they were."""

from collections.abc import Mapping
from typing import Any, Literal

import redis

from worker.keys import VALUATION_READS

#: What a reader found: `none` where the property has no price yet.
Freshness = Literal["fresh", "stale", "none"]
FRESHNESS: tuple[Freshness, ...] = ("fresh", "stale", "none")


class ValuationReads:
    """Counts reads of all processes together.

    Every verb passes `redis.RedisError` through when Redis cannot be reached.

    Args:
        client: Where they are counted.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._redis: Any = client

    def add(self, counts: Mapping[Freshness, int]) -> None:
        """Count reads, by what was found."""
        pipe = self._redis.pipeline(transaction=False)
        for freshness, count in counts.items():
            pipe.hincrby(VALUATION_READS, freshness, count)
        pipe.execute()

    def counts(self) -> dict[Freshness, int]:
        """Return how many reads there were, by what was found."""
        found = self._redis.hmget(VALUATION_READS, FRESHNESS)
        return {
            name: int(count or 0) for name, count in zip(FRESHNESS, found, strict=True)
        }

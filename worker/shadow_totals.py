"""What a challenger said of houses that the champion priced, summed up in Redis."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import redis

from worker import keys

#: Seconds for which totals are kept that nothing is added to.
_FORGOTTEN_S = 30 * 86400
#: Prices that wait for the archive, at most, and for how many seconds: without one
#: they are of no use to anybody.
_WAITING, _WAIT_S = 10_000, 86_400
#: Quantiles are told to a hundredth of the logarithm, about 1 %, up to a factor of 2.7.
_PER_UNIT, _LARGEST = 100, 100
QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Totals:
    """How a challenger's prices compare with those that were answered."""

    count: int = 0
    #: Of the logarithm of its price over the champion's.
    mean: float = 0.0
    #: Of the same, for each of `QUANTILES`; empty where there are none.
    quantiles: Sequence[float] = ()
    #: Seconds of CPU that it took.
    cpu_s: float = 0.0


class ShadowTotals:
    """Where workers add what they compared, and operators read it.

    Args:
        client: Where it is kept.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._redis: Any = client

    def add(self, rows: Sequence[Mapping[str, Any]], *, cpu_s: float) -> None:
        """Add prices of one challenger beside those of one champion.

        Args:
            rows: Of each what `archive.shadows.Shadow` says.
            cpu_s: Seconds of CPU that all of them took.

        Raises:
            redis.RedisError: Redis cannot be reached, or takes no writes.
        """
        logs = [math.log(row["price"] / row["served_price"]) for row in rows]
        key = keys.shadow_key(rows[0]["version"], rows[0]["served_version"])
        pipe = self._redis.pipeline()
        pipe.hincrby(key, "count", len(rows))
        pipe.hincrbyfloat(key, "logs", sum(logs))
        pipe.hincrby(key, "cpu_us", round(cpu_s * 1e6))
        for bin_, count in Counter(map(_bin, logs)).items():
            pipe.hincrby(key, f"bin:{bin_}", count)
        pipe.expire(key, _FORGOTTEN_S)
        pipe.rpush(keys.SHADOWED, *map(orjson.dumps, rows))
        pipe.ltrim(keys.SHADOWED, -_WAITING, -1)
        pipe.expire(keys.SHADOWED, _WAIT_S)
        pipe.execute()

    def read(self, challenger: str, champion: str) -> Totals:
        """Return what was added of two versions.

        Raises:
            redis.RedisError: Redis cannot be reached.
        """
        found = self._redis.hgetall(keys.shadow_key(challenger, champion))
        count = int(found.get(b"count", 0))
        if not count:
            return Totals()
        bins = {
            int(name[len(b"bin:") :]): int(number)
            for name, number in found.items()
            if name.startswith(b"bin:")
        }
        return Totals(
            count,
            float(found[b"logs"]) / count,
            [_quantile(bins, share) for share in QUANTILES],
            int(found[b"cpu_us"]) / 1e6,
        )

    def waiting(self, limit: int) -> list[bytes]:
        """Return what waits for the archive, oldest first.

        Raises:
            redis.RedisError: Redis cannot be reached.
        """
        found: list[bytes] = self._redis.lrange(keys.SHADOWED, 0, limit - 1)
        return found

    def taken(self, rows: Sequence[bytes]) -> None:
        """Forget what is archived; another may have done so meanwhile.

        Raises:
            redis.RedisError: Redis cannot be reached.
        """
        pipe = self._redis.pipeline(transaction=False)
        for row in rows:
            # They are at the head: each is found at once.
            pipe.lrem(keys.SHADOWED, 1, row)
        pipe.execute()


def _bin(log: float) -> int:
    return max(-_LARGEST, min(_LARGEST, round(log * _PER_UNIT)))


def _quantile(bins: Mapping[int, int], share: float) -> float:
    wanted, seen = share * sum(bins.values()), 0
    for bin_, count in sorted(bins.items()):
        seen += count
        if seen >= wanted:
            return bin_ / _PER_UNIT
    raise AssertionError("the last bin holds the last of them")

"""What was counted of priced houses, by model version and time, in Redis.

A bucket is a row of 32-bit counts, places as in `model_store.count_layout`. There is
one for each minute, hour and day; a window adds up those that it covers.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import redis

from model_store.count_layout import HOUSES
from worker import keys, ledger
from worker.settings import WorkerSettings

Window = Literal["recent", "1d", "7d", "30d"]
WINDOWS: tuple[Window, ...] = get_args(Window)

#: Houses that the window `recent` goes back for, at least, where there are as many.
RECENT_HOUSES = 200
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_LETTERS = {_MINUTE: "m", _HOUR: "h", _DAY: "d"}
#: Seconds of a bucket, and how many of them a window covers with the present one.
_SPANS: Mapping[Window, tuple[int, int]] = {
    "1d": (_HOUR, 24),
    "7d": (_DAY, 7),
    "30d": (_DAY, 30),
}
#: Where the newest houses are looked for: finely where there are many.
_RECENT = ((_MINUTE, 120), (_HOUR, 48), (_DAY, 30))


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was counted in a stretch of time.

    Attributes:
        begin: Its first second, since the epoch.
        counts: By place; places behind the last count hold 0.
    """

    begin: int
    counts: Sequence[int]

    @property
    def houses(self) -> int:
        """How many houses were counted."""
        return self.counts[HOUSES] if self.counts else 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What was counted in a window.

    Attributes:
        buckets: Those in which there was anything, oldest first.
        step_s: Seconds of each.
        until: Now, in seconds since the epoch.
    """

    buckets: Sequence[Bucket]
    step_s: int
    until: int

    @property
    def houses(self) -> int:
        """How many houses were counted."""
        return sum(one.houses for one in self.buckets)

    def counts(self, size: int) -> list[int]:
        """Return the counts of all buckets together.

        Args:
            size: How many places there are.
        """
        total = [0] * size
        for bucket in self.buckets:
            for place, count in enumerate(bucket.counts[:size]):
                total[place] += count
        return total


class SeenHouses:
    """Adds counts and reads them.

    Args:
        client: Where they are kept.
        settings: Those of the ledger.
        clock: Seconds since the epoch; None for Redis's own.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: WorkerSettings,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._redis = client
        self._ledger = ledger.Ledger(client, settings)
        self._clock = clock

    def add(self, version: str, counts: Mapping[int, int]) -> None:
        """Add counts of a version, in one round trip.

        Raises:
            redis.RedisError: Redis cannot be reached, or takes no writes.
        """
        pairs = [number for pair in counts.items() for number in pair]
        time_s = int(self._clock()) if self._clock else ""
        self._ledger.run("count_houses", version, time_s, *pairs)

    def versions(self) -> list[str]:
        """Return the versions that were counted in the last month, newest first.

        Raises:
            redis.RedisError: Redis cannot be reached.
        """
        since = self._now() - 30 * _DAY
        found: Any = self._redis.zrevrangebyscore(keys.SEEN, "+inf", since)
        return [version.decode() for version in found]

    def window(self, version: str, window: Window) -> Seen:
        """Return what was counted of a version in a window.

        Raises:
            redis.RedisError: Redis cannot be reached.
        """
        now = self._now()
        if window != "recent":
            return self._read(version, *_SPANS[window], now)
        seen = Seen((), _DAY, now)
        for step_s, most in _RECENT:
            seen = _newest(self._read(version, step_s, most, now))
            if seen.houses >= RECENT_HOUSES:
                break
        return seen

    def _read(self, version: str, step_s: int, count: int, now: int) -> Seen:
        last = now // step_s
        numbers = range(last - count + 1, last + 1)
        kept: Any = self._redis.mget(
            [keys.seen_key(version, f"{_LETTERS[step_s]}{one}") for one in numbers]
        )
        pairs = zip(numbers, kept, strict=True)
        buckets = [Bucket(one * step_s, _counts(raw)) for one, raw in pairs if raw]
        return Seen(buckets, step_s, now)

    def _now(self) -> int:
        if self._clock:
            return int(self._clock())
        clock: Any = self._redis.time()
        return int(clock[0])


def _newest(seen: Seen) -> Seen:
    """Return the newest buckets that hold enough houses, all where they do not."""
    houses, first = 0, len(seen.buckets)
    while first and houses < RECENT_HOUSES:
        first -= 1
        houses += seen.buckets[first].houses
    return Seen(seen.buckets[first:], seen.step_s, seen.until)


def _counts(raw: bytes) -> Sequence[int]:
    return struct.unpack(f">{len(raw) // 4}I", raw[: len(raw) // 4 * 4])

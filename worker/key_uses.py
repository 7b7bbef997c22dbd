"""When API keys were last used, to the minute."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import redis

from worker.keys import KEYS_USED

#: Seconds in which the use of a key is written once, at most.
EVERY_S = 60


class KeyUses:
    """The last use of each key, beside the keys: it never touches what they allow.

    Args:
        client: Where it is kept.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._redis: Any = client

    def keep(self, uses: Mapping[str, datetime]) -> None:
        """Write key id -> time of use, but where another process did this minute.

        Raises:
            redis.RedisError: Redis cannot be reached; what was to be written is lost.
        """
        known = self._redis.hmget(KEYS_USED, list(uses))
        due = {
            key_id: _ms(used)
            for (key_id, used), last in zip(uses.items(), known, strict=True)
            if last is None or _ms(used) - int(last) >= EVERY_S * 1000
        }
        if due:
            self._redis.hset(KEYS_USED, mapping=due)

    def of(self, key_ids: Iterable[str]) -> dict[str, datetime]:
        """Return key id -> its last use, for those of the keys that were used."""
        wanted = list(key_ids)
        known = self._redis.hmget(KEYS_USED, wanted) if wanted else []
        return {
            key_id: datetime.fromtimestamp(int(last) / 1000, UTC)
            for key_id, last in zip(wanted, known, strict=True)
            if last is not None
        }


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)

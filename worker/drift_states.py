"""What the upkeep's last look found of each model version's houses."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import redis

from worker import keys

#: Seconds that it is kept after the last look: as long as the houses are counted.
_KEPT_S = 32 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureState:
    """How a feature was found; the measures are those of the newest houses."""

    #: Since when it is found changed, in ms since the epoch; None: it is not.
    since_ms: int | None
    psi: float | None
    psi_limit: float | None
    missing: float
    unknown: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftState:
    """How the houses of a version were found."""

    #: When that was, in ms since the epoch.
    looked_at_ms: int
    #: How many houses a day had, and the share that is unlike the sales.
    houses: int
    flagged: float
    features: Mapping[str, FeatureState]

    @property
    def since_ms(self) -> dict[str, int]:
        """Feature that has changed -> since when, in ms since the epoch."""
        since = {name: one.since_ms for name, one in self.features.items()}
        return {name: at for name, at in since.items() if at is not None}


class DriftStates:
    """Keeps and reads them.

    Every verb passes `redis.RedisError` through when Redis cannot be reached.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def all(self) -> dict[str, DriftState]:
        """Return the state of each version."""
        found: Any = self._redis.hgetall(keys.DRIFT)
        return {version.decode(): _read(text) for version, text in found.items()}

    def of(self, version: str) -> DriftState | None:
        """Return the state of a version; None where nobody has looked."""
        found: Any = self._redis.hget(keys.DRIFT, version)
        return _read(found) if found else None

    def put(self, version: str, state: DriftState) -> None:
        """Keep the state of a version."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.hset(keys.DRIFT, version, orjson.dumps(asdict(state)))
        pipe.expire(keys.DRIFT, _KEPT_S)
        pipe.execute()

    def forget_all_but(self, versions: Sequence[str]) -> None:
        """Drop the states of versions that price nothing any more."""
        known: Any = self._redis.hkeys(keys.DRIFT)
        gone = {version.decode() for version in known}.difference(versions)
        if gone:
            self._redis.hdel(keys.DRIFT, *gone)


def _read(text: bytes) -> DriftState:
    record = orjson.loads(text)
    features = record.pop("features")
    return DriftState(
        features={name: FeatureState(**one) for name, one in features.items()}, **record
    )

"""What the workers found of each model version: loaded, or refused and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
import redis

from model_store import logs
from worker import keys, ledger
from worker.connection import clock_ms
from worker.outage import words_of
from worker.settings import WorkerSettings

#: Characters of a reason that are kept.
_REASON_MAX = 500
#: Milliseconds for which a refusal counts: a worker that cannot have the champion
#: tries again at least twice in this time.
_COUNTS_MS = 120_000
#: Milliseconds without another load after which the workers have a version.
_SETTLES_MS = 1000
#: Milliseconds by which workers may see a new champion before the API does.
_AHEAD_MS = 2000

_log = logs.logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A version that a worker could not have; times in ms since the epoch."""

    #: In the store's own words: for operators, not for clients.
    reason: str
    #: How often it was refused, by all workers.
    count: int
    since: int
    last: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What the workers knew at one instant."""

    #: When a worker last loaded each version, or made it its champion, in ms since the
    #: epoch.
    loaded: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    #: Redis's time in ms since the epoch.
    now: int = 0

    def refuses(self, version: str) -> bool:
        """Tell whether a worker has refused a version of late."""
        refusal = self.refused.get(version)
        return refusal is not None and self.now - refusal.last < _COUNTS_MS

    def settled(self, version: str, *, since_ms: int = 0) -> bool:
        """Tell whether the workers have a version: none has come by it for a while.

        Args:
            version: Its id.
            since_ms: Redis's time when it was first seen to be champion: what workers
                had of it long before, they may have no more.
        """
        last = self.loaded.get(version, self.now)
        return last >= since_ms - _AHEAD_MS and self.now - last >= _SETTLES_MS


class Versions:
    """Where workers report their versions, for the API and for operators to read."""

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        self._redis = client
        self._ledger = ledger.Ledger(client, settings)
        self._channel = keys.models_channel(client)

    def loaded(self, version: str) -> None:
        """Note that a worker has loaded a version; an outage loses the note alone."""
        try:
            self._ledger.run("accept", version)
        except redis.RedisError as error:
            _log.warning("load_not_noted", version=version, error=words_of(error))

    def refused(self, version: str, reason: str) -> None:
        """Note and publish a refusal; an outage loses the note alone."""
        # A path may hold what is no UTF-8.
        told = reason[:_REASON_MAX].encode(errors="replace")
        try:
            self._ledger.run("refuse", version, told, self._channel)
        except redis.RedisError as error:
            _log.warning("refusal_not_noted", version=version, error=words_of(error))

    def findings(self) -> Findings:
        """Return what is known, in one round trip.

        Raises:
            redis.RedisError: Redis cannot be asked.
        """
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        pipe.zrange(keys.LOADED, 0, -1, withscores=True)
        pipe.hgetall(keys.REFUSED)
        clock, loaded, refused = pipe.execute()
        return Findings(
            {version.decode(): int(last) for version, last in loaded},
            {
                version.decode(): Refusal(**orjson.loads(record))
                for version, record in refused.items()
            },
            clock_ms(clock),
        )

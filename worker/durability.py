"""Whether a Redis keeps what it acknowledged: its memory and its files, as it says."""

import logging
from dataclasses import dataclass
from typing import Self

import redis

from model_store import logs

_EVICTS = (
    "Redis's maxmemory-policy is {policy}: once full it deletes jobs that were"
    " acknowledged. Set it to noeviction; until then new jobs are refused."
)
_NO_LOG = (
    "Redis keeps no append-only file: when it restarts, acknowledged jobs are lost."
    " Set appendonly to yes."
)

_log = logs.logger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """Memory and persistence of a Redis, as it reported them."""

    maxmemory: int
    used: int
    policy: str
    logs: bool

    @classmethod
    def of(cls, client: redis.Redis) -> Self:
        """Ask a Redis, in one round trip.

        Raises:
            redis.RedisError: It cannot be asked.
        """
        pipe = client.pipeline(transaction=False)
        pipe.info("memory")
        pipe.info("persistence")
        memory, persistence = pipe.execute()
        # A managed server may keep some of it to itself: what it hides is its own care.
        return cls(
            maxmemory=memory.get("maxmemory", 0),
            used=memory.get("used_memory", 0),
            policy=memory.get("maxmemory_policy", "noeviction"),
            logs=bool(persistence.get("aof_enabled", 1)),
        )

    @property
    def evicts(self) -> bool:
        """Tell whether it makes room by deleting what it was given."""
        return bool(self.maxmemory) and self.policy != "noeviction"

    def is_short(self, share: float) -> bool:
        """Tell whether a share of what it may hold is used."""
        return bool(self.maxmemory) and self.used >= self.maxmemory * share

    def why_full(self, share: float) -> str:
        """Return why it is to take no new jobs: `memory`, `evicting`, or neither."""
        if self.evicts:
            return "evicting"
        return "memory" if self.is_short(share) else ""

    def faults(self) -> dict[str, int]:
        """Return what can lose acknowledged jobs, each with its level for a log."""
        faults = {}
        if self.evicts:
            faults[_EVICTS.format(policy=self.policy)] = logging.CRITICAL
        if not self.logs:
            faults[_NO_LOG] = logging.WARNING
        return faults


class FaultLog:
    """Logs what is wrong with a Redis when it begins and when it ends."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, server: Server, *, is_short: bool) -> None:
        """Log what has changed since the last time."""
        found = server.faults()
        if is_short:
            found["It is short of memory: new jobs are refused."] = logging.WARNING
        for text in found.keys() - self._told:
            _log.log(found[text], "redis_at_fault", fault=text)
        for text in self._told - found.keys():
            _log.warning("redis_mended", fault=text)
        self._told = set(found)


def faults_of(client: redis.Redis) -> list[str]:
    """Say which settings of a Redis can lose acknowledged jobs; none is the rule.

    Raises:
        redis.RedisError: It cannot be asked.
    """
    return list(Server.of(client).faults())

"""The audit log: what operators did, newest first, without any secret."""

import heapq
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Literal, Self

import orjson
import redis
from redis.exceptions import NoPermissionError

from model_store import logs
from model_store.aliases import Change
from worker.jobs import rfc3339
from worker.keys import AUDIT, AUDIT_IN_VAIN, FEED

#: Actions that are kept, of those that were done.
KEPT = 10_000
#: And of those that came to nothing: whoever repeats one pushes out no other.
KEPT_IN_VAIN = 1_000
#: Ids of one action that are listed, at most; its `target_count` counts all.
MAX_TARGETS = 100

_log = logs.logger(__name__)

Outcome = Literal["done", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What an operator did, or tried to do."""

    time: datetime
    #: `key:<id>` of an API key, or `cli:<user>` of the operating system, or
    #: `retraining:<user>`.
    actor: str
    #: Operation id of the HTTP API, which a command shares that does the same.
    operation: str
    #: Ids of what it was about.
    targets: Sequence[str]
    #: Of the HTTP request; a command has none.
    request_id: str | None = None
    outcome: Outcome = "done"

    @classmethod
    def of(cls, change: Change) -> Self:
        """Return a change of the aliases, the same whoever writes it down."""
        return cls(
            time=datetime.fromtimestamp(change.time_ms / 1000, UTC),
            actor=change.actor,
            operation=change.operation,
            targets=(change.version,),
            request_id=change.request_id,
        )

    def told(self) -> dict[str, Any]:
        """Return what is shown of it."""
        return {
            "time": rfc3339(int(self.time.timestamp() * 1000)),
            "actor": self.actor,
            "operation": self.operation,
            "targets": list(self.targets[:MAX_TARGETS]),
            "target_count": len(self.targets),
            "request_id": self.request_id,
            "outcome": self.outcome,
        }

    def to_json(self) -> bytes:
        """Return the stored form."""
        return orjson.dumps(self.told())


class Audit:
    """The audit log of an installation.

    Args:
        client: Where it is kept.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def keep(self, action: Action) -> None:
        """Write an action; the oldest of more than 10,000 goes.

        What was refused or failed is kept apart, the newest 1,000.

        Raises:
            redis.RedisError: Redis cannot be reached, or takes no writes.
        """
        try:
            self._write(action, tells_archive=True)
        except NoPermissionError as error:
            # Redis's users are of an older release; none of it was written.
            _log.warning("audit_not_archived", error=type(error).__name__)
            self._write(action, tells_archive=False)

    def _write(self, action: Action, *, tells_archive: bool) -> None:
        done = action.outcome == "done"
        key, kept = (AUDIT, KEPT) if done else (AUDIT_IN_VAIN, KEPT_IN_VAIN)
        pipe = self._redis.pipeline()
        pipe.lpush(key, action.to_json())
        pipe.ltrim(key, 0, kept - 1)
        if tells_archive:
            # For as long as there is an archive: it keeps all of them.
            pipe.xadd(FEED, {"audit": action.to_json()}, nomkstream=True)
        pipe.execute()

    def tell_archive(self, changes: Iterable[Change], *, makes_feed: bool) -> None:
        """Have changes of the aliases archived; it takes each once.

        Args:
            changes: Whoever made them.
            makes_feed: Whether there is an archive, which may not have begun to read.

        Raises:
            redis.RedisError: Redis cannot be reached, or takes no writes.
        """
        pipe = self._redis.pipeline()
        for change in changes:
            pipe.xadd(
                FEED, {"audit": Action.of(change).to_json()}, nomkstream=not makes_feed
            )
        pipe.execute()

    def newest(
        self, limit: int, changes: Iterable[Change] = ()
    ) -> list[dict[str, Any]]:
        """Return the newest actions, newest first.

        Args:
            limit: How many, at most.
            changes: Those of the aliases that their file tells of: who made one may
                have had no time, or no right, to write it down here.
        """
        pipe = self._redis.pipeline()
        for key in (AUDIT_IN_VAIN, AUDIT):
            pipe.lrange(key, 0, limit - 1)
        kept = [[orjson.loads(text) for text in texts] for texts in pipe.execute()]
        made = [Action.of(change).told() for change in changes]
        by_time = itemgetter("time")
        kept.append(sorted(made, key=by_time, reverse=True))
        merged = heapq.merge(*kept, key=by_time, reverse=True)
        return list(itertools.islice(_distinct(merged), limit))


def _distinct(actions: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield actions, each once."""
    known = set()
    for action in actions:
        text = orjson.dumps(action)
        if text not in known:
            known.add(text)
            yield action

"""How an installation does without its archive again.

First the feed goes, then what was kept for it is given an end. A script ends a job and
looks for the feed in one: so whatever ends after the feed's removal ends by itself, and
what ended before is there as the search begins, which misses nothing that is. Done the
other way round, what ended between the two would stay for ever. And whoever is killed
in between starts again: without a feed the search finds what is left.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import redis
from redis.exceptions import ResponseError

from worker.keys import ARCHIVISTS, FEED, job_key
from worker.ledger import Ledger
from worker.settings import WorkerSettings

#: Entries, and keys, that are looked at in one go, so that Redis is never held up.
_AT_A_TIME = 500
#: Milliseconds in which a reader that lives asks for more, unless its archive is away.
_READS_WITHIN_MS = 10_000
_FIRST = b"0-0"


@dataclass(frozen=True, slots=True)
class Unarchived:
    """What the archive was not told of yet."""

    #: Jobs that have ended; some may be there more than once.
    jobs: int = 0
    #: Jobs that were deleted: the archive keeps those that it has.
    erasures: int = 0
    #: Actions of operators.
    actions: int = 0

    def and_one(self, fields: Mapping[bytes, bytes]) -> "Unarchived":
        """Return this with one entry of the feed more."""
        if b"audit" in fields:
            return replace(self, actions=self.actions + 1)
        if b"erased" in fields:
            return replace(self, erasures=self.erasures + 1)
        return replace(self, jobs=self.jobs + 1)


@dataclass(frozen=True, slots=True)
class Left:
    """What leaving the archive came to, or would."""

    #: Ended jobs that were given an end.
    lapsed: int
    unarchived: Unarchived


class Leaving:
    """Leaves the archive; passes `redis.RedisError` through."""

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        # Its types know no difference between now and later.
        self._redis: Any = client
        self._ledger = Ledger(client, settings)

    def is_read(self) -> bool:
        """Tell whether an archivist has read the feed of late: it would make another.

        One whose archive is away does not show.
        """
        try:
            readers = self._redis.xinfo_consumers(FEED, ARCHIVISTS)
        except ResponseError as error:
            if str(error).startswith(("NOGROUP", "no such key")):
                return False
            raise
        return any(reader["idle"] < _READS_WITHIN_MS for reader in readers)

    def look(self) -> Left:
        """Return what leaving would come to."""
        _, unarchived = self._waiting(_FIRST, Unarchived())
        return Left(self._lapse(really=False), unarchived)

    def leave(self) -> Left:
        """Take the feed away, and let end what was kept for it.

        It may be done again, however the last time ended.
        """
        last, unarchived = self._waiting(_FIRST, Unarchived())
        while not self._ledger.run("close_feed", last):
            last, unarchived = self._waiting(last, unarchived)
        return Left(self._lapse(really=True), unarchived)

    def _waiting(self, last: bytes, counted: Unarchived) -> tuple[bytes, Unarchived]:
        """Return the last entry of the feed, and what it holds."""
        after = b"(" + last
        while entries := self._redis.xrange(FEED, min=after, count=_AT_A_TIME):
            for _, fields in entries:
                counted = counted.and_one(fields)
            last = entries[-1][0]
            after = b"(" + last
        return last, counted

    def _lapse(self, *, really: bool) -> int:
        return sum(
            self._ledger.run("lapse", int(really), *ids) for ids in self._job_ids()
        )

    def _job_ids(self) -> Iterator[Sequence[str]]:
        """Yield the ids of all records, some at a time; of some twice."""
        prefix, cursor = job_key(""), None
        while cursor != 0:
            cursor, names = self._redis.scan(
                cursor or 0, match=f"{prefix}*", count=_AT_A_TIME
            )
            if names:
                yield [name.decode().removeprefix(prefix) for name in names]

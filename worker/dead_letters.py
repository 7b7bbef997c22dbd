"""Dead letters, for operators: listed, counted by cause, replayed, discarded."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from worker import keys, ledger
from worker.errors import UnknownJob
from worker.jobs import Detail, Job, rfc3339
from worker.listing import Cursor
from worker.queue import Queue
from worker.settings import WorkerSettings

#: Letters that are read at a time, so that Redis is never held up.
_AT_A_TIME = 200

#: What is read of a record: all but the house, its price and its labels.
_FIELDS = ("tenant", "model", "version", "crashes", "attempts", "error", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A job whose workers died as often as is allowed, without its house."""

    id: str
    tenant: str
    model: str
    version: str
    #: Workers that died with it.
    crashes: int
    #: Starts, those that were given back included.
    attempts: int
    #: When it became a dead letter, in ms since the epoch.
    died_ms: int
    error: str

    def public(self) -> dict[str, Any]:
        """Return what operators read."""
        return {
            "id": self.id,
            "tenant": self.tenant,
            "model": self.model,
            "version": self.version,
            "crashes": self.crashes,
            "attempts": self.attempts,
            "died_at": rfc3339(self.died_ms),
            "error": self.error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which dead letters are meant; nothing said: all."""

    #: Part of the error, whatever its case.
    cause: str | None = None
    version: str | None = None
    #: Only those among these.
    ids: Sequence[str] | None = None

    def holds(self, letter: DeadLetter) -> bool:
        """Tell whether a letter is meant, if it is among the ids."""
        if self.version is not None and letter.version != self.version:
            return False
        return self.cause is None or self.cause.lower() in letter.error.lower()


EVERY = Selection()


@dataclass(frozen=True, slots=True)
class Page:
    """Dead letters, newest first, and the cursor to older ones."""

    letters: Sequence[DeadLetter]
    next: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Dead letters of one error; times in ms since the epoch."""

    error: str
    count: int
    versions: frozenset[str]
    first_ms: int
    last_ms: int

    def public(self) -> dict[str, Any]:
        """Return what operators read."""
        return {
            "error": self.error,
            "count": self.count,
            "versions": sorted(self.versions),
            "first": rfc3339(self.first_ms),
            "last": rfc3339(self.last_ms),
        }

    def with_one_more(self, letter: DeadLetter) -> "Cause":
        """Return the cause of one letter more."""
        return Cause(
            error=self.error,
            count=self.count + 1,
            versions=self.versions | {letter.version},
            first_ms=min(self.first_ms, letter.died_ms),
            last_ms=max(self.last_ms, letter.died_ms),
        )


class DeadLetters:
    """The dead letters of a lane, of all tenants.

    Every verb passes `redis.RedisError` through when Redis cannot be reached.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: WorkerSettings,
        *,
        lane: str = keys.PREDICTIONS,
    ) -> None:
        self._redis = client
        self._queue = Queue(client, settings)
        self._ledger = ledger.Ledger(client, settings)
        self._key = keys.lane_key("dead", lane)

    def count(self) -> int:
        """Return how many there are."""
        return self._redis.zcard(self._key)

    def page(
        self, *, limit: int, cursor: Cursor | None = None, selection: Selection = EVERY
    ) -> Page:
        """Look at up to `limit` letters from the cursor on and return those meant.

        A page may be short, even empty, and still lead on.
        """
        places, leads_on = self._places(limit, cursor)
        letters = [one for one in self._read(places) if selection.holds(one)]
        return Page(letters, places[-1] if leads_on else None)

    def every(
        self, selection: Selection = EVERY, *, most: int = sys.maxsize
    ) -> Iterator[DeadLetter]:
        """Yield all letters that are meant, newest first.

        Those that are replayed or discarded meanwhile do not disturb it.

        Args:
            selection: Which are meant.
            most: How many are looked at, at most.
        """
        if selection.ids is not None:
            yield from filter(selection.holds, self._among(selection.ids))
            return
        cursor = None
        for looked_at in range(0, most, _AT_A_TIME):
            limit = min(_AT_A_TIME, most - looked_at)
            page = self.page(limit=limit, cursor=cursor, selection=selection)
            yield from page.letters
            if page.next is None:
                return
            cursor = page.next

    def find(self, job_id: str) -> DeadLetter:
        """Return one dead letter.

        Raises:
            UnknownJob: No dead letter has this id.
        """
        for letter in self._among([job_id]):
            return letter
        raise UnknownJob

    def job(self, letter: DeadLetter) -> Job:
        """Return the whole job of a letter, its house included.

        Raises:
            UnknownJob: There is no such job any more.
            JobGone: Its record has been removed since.
        """
        return self._queue.find(letter.tenant, letter.id)

    def replay(self, letter: DeadLetter) -> Job:
        """Let the job of a letter wait anew, under its id, and return it.

        Raises:
            UnknownJob: There is no such job any more.
            JobGone: Its record has been removed since.
            NotRetryable: It was retried meanwhile.
            QueueRefusal: No job is taken at the moment.
        """
        return self._queue.retry(letter.tenant, letter.id).job

    def discard(self, letter: DeadLetter) -> None:
        """Erase the job of a letter; its client is told that it was deleted.

        Raises:
            UnknownJob: It is no dead letter any more, and is left as it is.
            ArchiveError: The archive has it, and nobody would tell it.
        """
        if self._ledger.delete(letter.id, letter.tenant, only_dead=True) < 1:
            raise UnknownJob

    def _among(self, ids: Sequence[str]) -> list[DeadLetter]:
        """Return those of some ids that are dead letters."""
        pipe = self._redis.pipeline(transaction=False)
        for job_id in ids:
            pipe.zscore(self._key, job_id)
        deaths = zip(ids, pipe.execute(), strict=True)
        return self._read([Cursor(int(at), one) for one, at in deaths if at])

    def _places(self, limit: int, cursor: Cursor | None) -> tuple[list[Cursor], bool]:
        """Return up to `limit` places after the cursor, and whether more follow."""
        places: list[Cursor] = []
        start = "+inf" if cursor is None else str(cursor.created_ms)
        offset, step = 0, limit + 1
        # Those of the cursor's own millisecond may come first and are passed over.
        while len(places) <= limit:
            raw: Any = self._redis.zrevrangebyscore(
                self._key, start, "-inf", start=offset, num=step, withscores=True
            )
            found = [Cursor(int(score), member.decode()) for member, score in raw]
            places += [one for one in found if one.is_beyond(cursor, newer=False)]
            if len(found) < step:
                break
            offset += step
        return places[:limit], len(places) > limit

    def _read(self, places: Sequence[Cursor]) -> list[DeadLetter]:
        pipe = self._redis.pipeline(transaction=False)
        for place in places:
            pipe.hmget(keys.job_key(place.job_id), _FIELDS)
        records = [
            {
                name: value.decode()
                for name, value in zip(_FIELDS, values, strict=True)
                if value is not None
            }
            for values in pipe.execute()
        ]
        return [
            _letter(place, record)
            for place, record in zip(places, records, strict=True)
            # It may have been retried, or its time may have come, since it was listed.
            if record.get("detail") == Detail.DEAD
        ]


def causes(letters: Iterable[DeadLetter]) -> list[Cause]:
    """Return the errors of letters, most frequent first."""
    found: dict[str, Cause] = {}
    for letter in letters:
        known = found.get(letter.error) or _no_letters(letter)
        found[letter.error] = known.with_one_more(letter)
    return sorted(found.values(), key=lambda cause: (-cause.count, cause.error))


def _letter(place: Cursor, record: Mapping[str, str]) -> DeadLetter:
    return DeadLetter(
        id=place.job_id,
        tenant=record["tenant"],
        model=record["model"],
        version=record["version"],
        crashes=int(record.get("crashes", 0)),
        attempts=int(record.get("attempts", 0)),
        died_ms=place.created_ms,
        error=record.get("error", ""),
    )


def _no_letters(letter: DeadLetter) -> Cause:
    return Cause(
        error=letter.error,
        count=0,
        versions=frozenset(),
        first_ms=letter.died_ms,
        last_ms=letter.died_ms,
    )

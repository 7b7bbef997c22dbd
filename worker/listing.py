"""A tenant's jobs as a list, page by page; what it costs is bounded."""

import base64
import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import redis

from worker import keys
from worker.archived import ArchivedJobs
from worker.jobs import Job, State

_PLACE = re.compile(r"([0-9]{1,15}):([0-9a-f-]{36})")
#: Entries of a list that one page looks at, at most, and that are read at a time.
_LOOKED_AT, _AT_A_TIME = 1000, 100


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a tenant's list: between two jobs, in order of creation."""

    created_ms: int
    job_id: str

    def encode(self) -> str:
        """Return the opaque form that clients hand back."""
        plain = f"{self.created_ms}:{self.job_id}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read what `encode` wrote.

        Raises:
            ValueError: The text is no cursor.
        """
        padded = text + "=" * (-len(text) % 4)
        plain = base64.urlsafe_b64decode(padded).decode()
        if not (place := _PLACE.fullmatch(plain)):
            raise ValueError(plain)
        return cls(int(place[1]), place[2])

    def is_beyond(self, other: Self | None, *, newer: bool) -> bool:
        """Tell whether this place comes after another on the way through a list."""
        if other is None:
            return True
        here, there = (other.created_ms, other.job_id), (self.created_ms, self.job_id)
        return there > here if newer else there < here


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which jobs a list is to show; nothing said: all."""

    states: frozenset[State] | None = None
    #: Created at this time or later, in ms since the epoch.
    since_ms: int | None = None
    #: Created before this time.
    before_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Jobs of a tenant, newest first, and the cursors to the pages beside it."""

    jobs: Sequence[Job]
    #: To older jobs.
    next: Cursor | None
    #: To newer jobs.
    previous: Cursor | None


ALL = Wanted()


class Listing:
    """Reads lists; passes `redis.RedisError` through when Redis cannot be reached.

    Args:
        client: Where open jobs are, and those that have not left it yet.
        archive: Where the others are; None: there are no others.
    """

    def __init__(
        self, client: redis.Redis, archive: ArchivedJobs | None = None
    ) -> None:
        self._redis = client
        self._archive = archive

    def page(
        self,
        tenant: str,
        *,
        limit: int,
        cursor: Cursor | None = None,
        newer: bool = False,
        wanted: Wanted = ALL,
    ) -> Page:
        """Return up to `limit` jobs beside the cursor, older ones or `newer` ones.

        A page may be short, even empty, and still lead on: where records have been
        removed meanwhile, and where few of the jobs looked at are wanted.

        Raises:
            ArchiveError: The archive cannot be asked for its part.
        """
        found, last = self._search(tenant, limit + 1, cursor, wanted, newer=newer)
        # After Redis: what has left it meanwhile had been archived before.
        kept = self._archived(tenant, limit + 1, cursor, wanted, newer=newer)
        found, last = _merged(found, last, kept, limit + 1, newer=newer)
        if len(found) > limit:
            found = found[:limit]
            last = found[-1]
        if newer:
            found.reverse()
        read = self._read(tenant, found, kept)
        jobs = [job for job in read if _is_wanted(job, wanted)]
        if newer:
            return Page(jobs, next=found[-1] if found else None, previous=last)
        back = found[0] if found and cursor is not None else None
        return Page(jobs, next=last, previous=back)

    def _search(
        self,
        tenant: str,
        count: int,
        cursor: Cursor | None,
        wanted: Wanted,
        *,
        newer: bool,
    ) -> tuple[list[Cursor], Cursor | None]:
        """Return up to about `count` wanted entries beyond the cursor.

        Also where the search stopped before the end of the list; None at its end.
        """
        found: list[Cursor] = []
        looked_at = 0
        for chunk in self._walk(tenant, count, cursor, wanted, newer=newer):
            found += self._in_state(tenant, chunk, wanted)
            looked_at += len(chunk)
            if len(found) >= count or looked_at >= _LOOKED_AT:
                return found, chunk[-1]
        return found, None

    def _walk(
        self,
        tenant: str,
        count: int,
        cursor: Cursor | None,
        wanted: Wanted,
        *,
        newer: bool,
    ) -> Iterator[list[Cursor]]:
        """Yield entries from the cursor on, in that direction, some at a time.

        Each look goes on from the last entry and not by counting, for meanwhile
        entries come and go.
        """
        at_a_time = count if wanted.states is None else _AT_A_TIME
        place, passed = cursor, 0
        while True:
            low, high = _bounds(place, wanted, newer=newer)
            raw = self._range(tenant, low, high, passed, at_a_time, newer=newer)
            entries = [Cursor(int(score), member.decode()) for member, score in raw]
            beyond = [one for one in entries if one.is_beyond(place, newer=newer)]
            if beyond:
                yield beyond
                place, passed = beyond[-1], 0
            else:
                # More jobs of the place's own millisecond than are read at a time.
                passed += at_a_time
            if len(raw) < at_a_time:
                return

    def _range(
        self,
        tenant: str,
        low: str,
        high: str,
        offset: int,
        count: int,
        *,
        newer: bool,
    ) -> list[tuple[bytes, float]]:
        key = keys.tenant_key(tenant)
        raw: Any = (
            self._redis.zrangebyscore(
                key, low, high, start=offset, num=count, withscores=True
            )
            if newer
            else self._redis.zrevrangebyscore(
                key, high, low, start=offset, num=count, withscores=True
            )
        )
        return list(raw)

    def _in_state(
        self, tenant: str, entries: Sequence[Cursor], wanted: Wanted
    ) -> list[Cursor]:
        """Return the entries whose jobs are in a wanted state; drop those without."""
        if wanted.states is None:
            return list(entries)
        pipe = self._redis.pipeline(transaction=False)
        for entry in entries:
            pipe.hget(keys.job_key(entry.job_id), "state")
        states = dict(zip(entries, pipe.execute(), strict=True))
        self._forget(tenant, [entry for entry in entries if states[entry] is None])
        names = {state.encode() for state in wanted.states}
        return [entry for entry in entries if states[entry] in names]

    def _archived(
        self,
        tenant: str,
        count: int,
        cursor: Cursor | None,
        wanted: Wanted,
        *,
        newer: bool,
    ) -> dict[Cursor, Job]:
        """Return up to `count` archived jobs beyond the cursor, the nearest first."""
        states = wanted.states or frozenset[State]()
        ended = frozenset(state for state in states if state.is_terminal)
        if self._archive is None or (states and not ended):
            return {}
        place = _place(cursor) if cursor else None
        jobs = self._archive.page(
            tenant,
            limit=count,
            states=ended,
            since_ms=wanted.since_ms,
            until_ms=wanted.before_ms,
            **({"after": place or (0, "")} if newer else {"before": place}),
        )
        found = [(Cursor(job.created_ms, job.id), job) for job in jobs]
        return dict(reversed(found) if newer else found)

    def _read(
        self, tenant: str, entries: Sequence[Cursor], kept: Mapping[Cursor, Job]
    ) -> list[Job]:
        """Return the jobs of some entries as they are now.

        Redis knows best, even of those that were archived: one may have been retried
        since, or deleted.
        """
        pipe = self._redis.pipeline(transaction=False)
        for entry in entries:
            pipe.hgetall(keys.job_key(entry.job_id))
        records = dict(zip(entries, pipe.execute(), strict=True))
        gone = [entry for entry, record in records.items() if not record]
        self._forget(tenant, [entry for entry in gone if entry not in kept])
        left = self._not_deleted([entry for entry in gone if entry in kept])
        jobs = [
            Job.from_record(entry.job_id, record) if record else kept[entry]
            for entry, record in records.items()
            if record or entry in left
        ]
        return [job for job in jobs if job.tenant == tenant]

    def _not_deleted(self, entries: Sequence[Cursor]) -> set[Cursor]:
        if not entries:
            return set()
        names = [keys.tombstone_key(entry.job_id) for entry in entries]
        tombstones: Any = self._redis.mget(names)
        return {
            entry
            for entry, tombstone in zip(entries, tombstones, strict=True)
            if keys.deleted_for(tombstone) is None
        }

    def _forget(self, tenant: str, gone: Sequence[Cursor]) -> None:
        if gone:
            ids = [entry.job_id for entry in gone]
            self._redis.zrem(keys.tenant_key(tenant), *ids)


def _bounds(cursor: Cursor | None, wanted: Wanted, *, newer: bool) -> tuple[str, str]:
    """Return the lowest and the highest score that may be on the way."""
    lows = [] if wanted.since_ms is None else [wanted.since_ms]
    highs = [] if wanted.before_ms is None else [wanted.before_ms - 1]
    if cursor:
        (lows if newer else highs).append(cursor.created_ms)
    return str(max(lows, default="-inf")), str(min(highs, default="+inf"))


def _merged(
    found: Sequence[Cursor],
    last: Cursor | None,
    kept: Mapping[Cursor, Job],
    count: int,
    *,
    newer: bool,
) -> tuple[list[Cursor], Cursor | None]:
    """Return the entries of Redis and of the archive as one list, and where it ends.

    What lies beyond the nearer end of the two is left for a later page: there the
    other may have more.
    """
    ends = [last] if last else []
    if len(kept) == count:
        ends.append(list(kept)[-1])
    end = (min if newer else max)(ends, key=_place) if ends else None
    both = heapq.merge(found, kept, key=_place, reverse=not newer)
    within = [
        one
        for one in dict.fromkeys(both)
        if end is None or not one.is_beyond(end, newer=newer)
    ]
    return within, end


def _place(entry: Cursor) -> tuple[int, str]:
    return entry.created_ms, entry.job_id


def _is_wanted(job: Job, wanted: Wanted) -> bool:
    # It may have moved on since its state was looked at.
    return wanted.states is None or job.state in wanted.states

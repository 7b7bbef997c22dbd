"""What has happened in the lanes since they began, and how their Redis stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import redis
from redis.exceptions import NoPermissionError

from worker import keys
from worker.batch import ENDED, Status
from worker.connection import clock_ms

#: Why a request is refused a job; see `queue.Queue.submit`.
REASONS = ("evicting", "full", "memory", "quota", "rate", "slow", "unknown")


@dataclass(frozen=True, slots=True)
class LaneTotals:
    """Counts of a lane since it began."""

    #: Submits and retries, deliveries that were made.
    submitted: int
    #: State and detail of an end -> how many.
    ended: Mapping[tuple[str, str], int]
    #: Why requests were refused -> how many; each of `REASONS` is there.
    refused: Mapping[str, int]
    #: Messages without a job that were set aside.
    strays: int


@dataclass(frozen=True, slots=True)
class BatchTotals:
    """Counts of batches since they began."""

    submitted: int
    #: Rows that they had.
    rows: int
    #: Status of an end -> how many; each of `ENDED` is there.
    ended: Mapping[Status, int]
    #: Requests that failed since files could not be read or written.
    out_of_reach: int
    #: Chunks whose prices could not be stored, and never will be.
    chunks_lost: int
    #: Batches whose prices are to be stored and are not all, those that run included.
    unstored: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is still to be archived."""

    #: Ended jobs, erasures and actions of operators that wait.
    waiting: int
    #: Milliseconds since the oldest of them happened; 0 where none waits.
    oldest_ms: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an installation's Redis stands now."""

    #: Whether upkeep has been at every lane of late.
    is_tended: bool
    #: Bytes that Redis takes, and may take, 0 for any; None where upkeep says nothing.
    memory: tuple[int, int] | None
    #: Why all new jobs are refused; empty where they are not.
    closed: str
    #: Receivers of webhooks that are left alone for a while.
    paused_receivers: int
    #: What waits for the archive; None where nobody ever archived.
    backlog: Backlog | None = None


class Totals:
    """Reads them; passes `redis.RedisError` through when Redis cannot be reached."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def of(self, lane: str) -> LaneTotals:
        """Return the counts of a lane."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.get(keys.lane_key("number", lane))
        pipe.hgetall(keys.lane_key("outcomes", lane))
        pipe.hgetall(keys.lane_key("refusals", lane))
        pipe.hget(keys.lane_key("starts", lane), "strays")
        submitted, outcomes, refusals, strays = pipe.execute()
        ended = {}
        for outcome, count in outcomes.items():
            state, _, detail = outcome.decode().partition(" ")
            ended[state, detail] = int(count)
        known = {reason.decode(): int(count) for reason, count in refusals.items()}
        return LaneTotals(
            submitted=int(submitted or 0),
            ended=ended,
            refused=dict.fromkeys(REASONS, 0) | known,
            strays=int(strays or 0),
        )

    def batches(self) -> BatchTotals:
        """Return the counts of batches."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.hgetall(keys.BATCH_TOTALS)
        pipe.scard(keys.UNSTORED)
        found, unstored = pipe.execute()
        return BatchTotals(
            submitted=int(found.get(b"submitted", 0)),
            rows=int(found.get(b"rows", 0)),
            ended={one: int(found.get(one.encode(), 0)) for one in sorted(ENDED)},
            out_of_reach=int(found.get(b"out_of_reach", 0)),
            chunks_lost=int(found.get(b"chunks_lost", 0)),
            unstored=unstored,
        )

    def standing(self) -> Standing:
        """Return how Redis stands."""
        now = clock_ms(self._redis.time())
        tended = [keys.lane_key("upkeep", lane) for lane in keys.LANES]
        pipe = self._redis.pipeline(transaction=False)
        pipe.exists(*tended)
        pipe.get(keys.MEMORY)
        pipe.get(keys.MEMORY_FULL)
        pipe.zcount(keys.lane_key("cooling", keys.WEBHOOKS), now, "+inf")
        seen, memory, closed, paused = pipe.execute()
        used, most = map(int, memory.split()) if memory else (0, 0)
        return Standing(
            is_tended=seen == len(tended),
            memory=(used, most) if memory else None,
            closed=(closed or b"").decode(),
            paused_receivers=paused,
            backlog=self._backlog(now),
        )

    def _backlog(self, now_ms: int) -> Backlog | None:
        pipe = self._redis.pipeline(transaction=False)
        pipe.exists(keys.FEED)
        pipe.xlen(keys.FEED)
        pipe.xrange(keys.FEED, count=1)
        try:
            is_fed, waiting, oldest = pipe.execute()
        except NoPermissionError:
            # Redis's users are of an older release, so that nothing is archived either.
            return None
        return Backlog(waiting, _age_ms(oldest, now_ms)) if is_fed else None


def _age_ms(oldest: Sequence[tuple[bytes, object]], now_ms: int) -> int:
    """Return the age of the first of some entries of a stream, by its id."""
    for entry_id, _ in oldest:
        return max(0, now_ms - int(entry_id.partition(b"-")[0]))
    return 0

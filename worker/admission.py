"""Whether work is let in: what the scripts that open jobs are told, and say."""

from collections.abc import Sequence
from typing import Any

from redis.exceptions import OutOfMemoryError

from worker.errors import (
    LongWait,
    MemoryFull,
    OpenJobsQuota,
    QueueError,
    QueueFull,
    QueueRefusal,
    RateExceeded,
    RedisEvicts,
    UnknownWait,
)
from worker.lanes import LATEST_S, expected_wait_s
from worker.ledger import Ledger
from worker.limits import Allowance, Meter
from worker.rates import Rates
from worker.settings import WorkerSettings

#: Why the script refused a job, for all alike -> what is raised.
_REFUSALS: dict[bytes, type[QueueRefusal]] = {
    b"full": QueueFull,
    b"memory": MemoryFull,
    b"evicting": RedisEvicts,
}


class Admission:
    """Weighs what clients want done against what they may and what there is.

    Args:
        book: Where jobs are opened.
        settings: What is allowed.
        quota: Jobs of one tenant that may be open.
        longest_s: Seconds of expected wait, at most; 0 for any.
    """

    def __init__(
        self,
        book: Ledger,
        settings: WorkerSettings,
        *,
        quota: int | None = None,
        longest_s: float | None = None,
    ) -> None:
        self._ledger = book
        self._settings = settings
        self._quota = settings.tenant_quota if quota is None else quota
        self._longest_s = settings.max_wait_s if longest_s is None else longest_s

    def limits(self, meter: Meter | None) -> tuple[Any, ...]:
        """Return what a job is weighed by before it is opened."""
        rate: tuple[Any, ...] = ("", 0, 0)
        if meter:
            limit = meter.limit
            rate = (meter.key_id, limit.requests, limit.seconds * 1_000_000)
        return (
            *(self._settings.queue_bound, *rate, self._quota, self._longest_s * 1000),
            self._settings.batch_max,
        )

    def weighed(
        self, name: str, meter: Meter | None, args: Sequence[Any]
    ) -> tuple[bytes, Allowance | None, Sequence[Any]]:
        """Run a script that admission opens; return its outcome, and all else of it.

        Raises:
            MemoryFull: Redis takes no growing write.
        """
        try:
            outcome, left, reset_s, *rest = self._ledger.run(name, *args)
        except OutOfMemoryError as error:
            raise MemoryFull(LATEST_S) from error
        allowance = Allowance(meter.limit, left, reset_s) if meter else None
        return outcome, allowance, rest

    def refusal(
        self,
        allowance: Allowance | None,
        deadline_ms: int | None,
        reason: bytes,
        jobs: int,
        capacity: bytes,
        longest_ms: int,
    ) -> QueueError:
        """Return the error that a script's refusal is."""
        error = self._refusal(
            allowance, deadline_ms, reason, jobs, float(capacity or 0), longest_ms
        )
        return told(allowance, error)

    def _refusal(
        self,
        allowance: Allowance | None,
        deadline_ms: int | None,
        reason: bytes,
        jobs: int,
        per_s: float,
        longest_ms: int,
    ) -> QueueRefusal:
        if reason == b"rate" and allowance:
            return RateExceeded(allowance.reset_s, allowance.limit)
        wait_s = expected_wait_s(jobs, Rates(starts_per_s=per_s))
        if reason == b"quota":
            return OpenJobsQuota(wait_s, self._quota)
        if reason == b"unknown":
            return UnknownWait(wait_s, jobs)
        if reason == b"slow":
            is_own = longest_ms >= self._longest_s * 1000
            limit_s, deadline_ms = longest_ms / 1000, None if is_own else deadline_ms
            return LongWait(wait_s, jobs / per_s, limit_s, deadline_ms)
        return _REFUSALS[reason](wait_s)


def told(allowance: Allowance | None, error: QueueError) -> QueueError:
    """Return an error that tells what its request has left."""
    error.allowance = allowance
    return error

"""What can go wrong at the queue's front desk, in domain words.

QueueError
├── IdempotencyMismatch
├── IdTaken
├── NotRetryable
├── QueueRefusal
│   ├── RateExceeded
│   ├── OpenJobsQuota
│   ├── LongWait
│   ├── QueueFull
│   └── MemoryFull
│       └── RedisEvicts
├── UnknownJob
└── JobGone

And how any exception is logged by a process that handles houses: `frames_of`.
"""

import traceback

from worker.limits import Allowance, RateLimit


class QueueError(Exception):
    """The queue could not do what was asked."""

    #: What the request has left of its key's limit; None where nobody counted it.
    allowance: Allowance | None = None

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class IdempotencyMismatch(QueueError):
    """This idempotency key was used with another body; repeat it or use a new key."""

    def __init__(self, job_id: str) -> None:
        super().__init__()
        self.job_id = job_id


class IdTaken(QueueError):
    """This id names a job that another request made; choose a new one."""


class NotRetryable(QueueError):
    """Only a failed or canceled job can be retried."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.state = state


class QueueRefusal(QueueError):
    """No new job is taken at the moment; nothing was queued."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class RateExceeded(QueueRefusal):
    """The key has sent as many requests as its limit allows; repeat it later."""

    def __init__(self, retry_after_s: int, limit: RateLimit) -> None:
        super().__init__(retry_after_s)
        self.limit = limit


class OpenJobsQuota(QueueRefusal):
    """The tenant has as many open jobs as it may; repeat the request later."""

    def __init__(self, retry_after_s: int, quota: int) -> None:
        super().__init__(retry_after_s)
        self.quota = quota


class LongWait(QueueRefusal):
    """The price would come too late, as the line moves now; repeat it later."""

    def __init__(
        self, retry_after_s: int, wait_s: float, limit_s: float, deadline_ms: int | None
    ) -> None:
        super().__init__(retry_after_s)
        #: Seconds until all jobs before it have ended, where it has a deadline those of
        #: its own batch too, and how many it may be.
        self.wait_s, self.limit_s = wait_s, limit_s
        #: The deadline that sets the limit; None where the service does.
        self.deadline_ms = deadline_ms


class UnknownWait(QueueRefusal):
    """Nothing is known of the wait, and too many are before it for a near deadline."""

    def __init__(self, retry_after_s: int, jobs: int) -> None:
        super().__init__(retry_after_s)
        #: Open jobs before it.
        self.jobs = jobs


class QueueFull(QueueRefusal):
    """The queue holds as many waiting jobs as it may; repeat the request later."""


class MemoryFull(QueueRefusal):
    """Redis has reached its memory limit for new jobs; repeat the request later."""


class RedisEvicts(MemoryFull):
    """Redis would delete jobs when full: its maxmemory-policy must be noeviction."""


class UnknownJob(QueueError):
    """No job of this tenant has this id."""


class JobGone(QueueError):
    """The job's record was removed: after its time, or because its client asked."""

    def __init__(
        self, job_id: str, completed_ms: int, deleted_ms: int | None = None
    ) -> None:
        super().__init__()
        self.job_id = job_id
        self.completed_ms = completed_ms
        #: When its client deleted it; None where its time was over.
        self.deleted_ms = deleted_ms


def frames_of(error: BaseException) -> str:
    """Return an exception's traceback without the words of any exception.

    They may quote a house, and a log must not hold one. What an exception was raised
    from or during comes first, as in Python's own traceback; each is told by its type.
    """
    told: list[str] = []
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        frames = "".join(traceback.format_tb(link.__traceback__))
        told.insert(0, frames + _kind_of(link))
        link = link.__cause__ or (
            None if link.__suppress_context__ else link.__context__
        )
    return "\n".join(told)


def _kind_of(error: BaseException) -> str:
    kind = type(error)
    outer = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return outer + kind.__qualname__

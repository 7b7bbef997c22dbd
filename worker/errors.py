"""What can go wrong at the queue's front desk, in domain words.

QueueError
├── IdempotencyMismatch
├── QueueRefusal
│   ├── QueueFull
│   └── MemoryFull
│       └── RedisEvicts
├── UnknownJob
└── JobGone
"""


class QueueError(Exception):
    """The queue could not do what was asked."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class IdempotencyMismatch(QueueError):
    """This idempotency key was used with another body; repeat it or use a new key."""

    def __init__(self, job_id: str) -> None:
        super().__init__()
        self.job_id = job_id


class QueueRefusal(QueueError):
    """No new job is taken at the moment; nothing was queued."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class QueueFull(QueueRefusal):
    """The queue holds as many waiting jobs as it may; repeat the request later."""


class MemoryFull(QueueRefusal):
    """Redis has reached its memory limit for new jobs; repeat the request later."""


class RedisEvicts(MemoryFull):
    """Redis would delete jobs when full: its maxmemory-policy must be noeviction."""


class UnknownJob(QueueError):
    """No job of this tenant has this id."""


class JobGone(QueueError):
    """The job finished and its record has been removed after the retention period."""

    def __init__(self, completed_ms: int, reason: str) -> None:
        super().__init__()
        self.completed_ms = completed_ms
        self.reason = reason

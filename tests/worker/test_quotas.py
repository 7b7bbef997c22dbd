"""A tenant has so many open jobs at most, and their count stays true."""

import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from tests.worker.conftest import claimed, lose_worker, submission, tend
from worker import keys, ledger, queue
from worker.errors import (
    NotRetryable,
    OpenJobsQuota,
)
from worker.jobs import Job, State
from worker.keys import PREDICTIONS
from worker.leases import Completion, Lease
from worker.limits import Allowance, Meter, RateLimit
from worker.settings import WorkerSettings

Submit = Callable[..., Job]

#: So long a time that none of it comes back during a test.
SLOW = Meter("slow", RateLimit(3, 3600))


def test_a_tenant_has_no_more_open_jobs_than_its_quota(
    redis: redis_py.Redis, settings: WorkerSettings
) -> None:
    """Another tenant has its own, and each end makes room for one more."""
    desk = queue.Queue(redis, settings.model_copy(update={"tenant_quota": 2}))
    first, _ = desk.submit(submission()).job, desk.submit(submission())
    with pytest.raises(OpenJobsQuota) as caught:
        desk.submit(submission(meter=SLOW))
    assert (caught.value.quota, caught.value.retry_after_s) == (2, 5)
    assert caught.value.allowance == Allowance(SLOW.limit, 3, 0)
    desk.submit(submission(tenant="other"))

    desk.cancel("acme", first.id)
    desk.submit(submission())
    with pytest.raises(OpenJobsQuota):
        desk.retry("acme", first.id)


class _Operations:
    """Whatever can happen to jobs, in any order."""

    TENANTS = ("acme", "other")

    def __init__(
        self, redis: redis_py.Redis, settings: WorkerSettings, rng: random.Random
    ) -> None:
        self.redis: Any = redis
        self.book = ledger.Ledger(redis, settings)
        # With deadlines that have passed, which admission would refuse.
        self.desk = queue.Queue(redis, settings.model_copy(update={"max_wait_s": 0}))
        self.rng = rng
        self.jobs: list[tuple[str, str]] = []
        self.leases: list[Lease] = []
        self.keys = itertools.count()

    def submit(self) -> None:
        """Take a new job, which may have a deadline that has passed already."""
        tenant = self.rng.choice(self.TENANTS)
        deadline_ms = self.rng.choice((None, None, 0, 3_600_000))
        new = submission(tenant=tenant, deadline_ms=deadline_ms)
        self.jobs.append((tenant, self.desk.submit(new).job.id))

    def repeat(self) -> None:
        """Submit one request twice."""
        new = submission(idempotency_key=f"k{next(self.keys)}")
        for _ in range(2):
            self.desk.submit(new)
        self.jobs.append((new.tenant, new.id))

    def claim(self) -> None:
        """Let a worker take some."""
        number = self.rng.randint(1, 4)
        self.leases += self.book.claim(PREDICTIONS, limit=number, worker="w").leases

    def complete(self) -> None:
        """Bring results, some of them late or a second time."""
        some = self.rng.sample(self.leases, min(3, len(self.leases)))
        done = [
            Completion(lease=lease, output=b"{}")
            if self.rng.random() < 0.7
            else Completion(lease=lease, error="no")
            for lease in some
        ]
        self.book.complete(PREDICTIONS, done)

    def release(self) -> None:
        """Give all back."""
        self.book.release(PREDICTIONS, worker="w")

    def crash(self) -> None:
        """Let the worker of some die; a third death is the last."""
        held = self.redis.zrange(f"kerbside:running:{PREDICTIONS}", 0, 2)
        if held:
            lose_worker(self.book, self.redis, *(one.decode() for one in held))

    def tick(self) -> None:
        """Let the reaper pass."""
        tend(self.book, self.redis)

    def cancel(self) -> None:
        """Cancel any job."""
        if self.jobs:
            self.desk.cancel(*self.rng.choice(self.jobs))

    def retry(self) -> None:
        """Reopen any job that can be."""
        if self.jobs:
            with contextlib.suppress(NotRetryable):
                self.desk.retry(*self.rng.choice(self.jobs))

    def delete(self) -> None:
        """Erase any job, open or not."""
        if self.jobs:
            self.desk.delete(*self.jobs.pop(self.rng.randrange(len(self.jobs))))


@pytest.mark.parametrize("seed", range(12))
def test_the_count_of_open_jobs_is_true_after_anything(
    redis: redis_py.Redis, settings: WorkerSettings, seed: int
) -> None:
    """For each tenant it equals the open records; without one there is no count."""
    rng = random.Random(seed)
    act = _Operations(redis, settings, rng)
    actions = [
        *(act.submit, act.submit, act.repeat, act.claim, act.complete, act.release),
        *(act.crash, act.tick, act.cancel, act.retry, act.delete),
    ]
    done: Counter[str] = Counter()

    for _ in range(60):
        action = rng.choice(actions)
        action()
        done[action.__name__] += 1
        assert _counted(redis) == _open(redis), done


def _counted(redis: Any) -> dict[str, int]:
    """Return what the counts say, by tenant."""
    counts = redis.hgetall(f"kerbside:open:{PREDICTIONS}")
    return {tenant.decode(): int(count) for tenant, count in counts.items()}


def _open(redis: Any) -> Counter[str]:
    """Return how many records are open, by tenant."""
    found: Counter[str] = Counter()
    for key in redis.keys("kerbside:job:*"):
        tenant, state = redis.hmget(key, "tenant", "state")
        if not State(state.decode()).is_terminal:
            found[tenant.decode()] += 1
    return found


def test_jobs_from_before_there_were_counts_leave_no_debt(
    front_desk: queue.Queue, submit: Submit, redis: redis_py.Redis
) -> None:
    """After an update their ends take nothing from those that come."""
    old = [submit() for _ in range(3)]
    redis.delete(f"kerbside:open:{PREDICTIONS}")
    for job in old:
        front_desk.cancel("acme", job.id)
    submit()

    assert _counted(redis) == {"acme": 1}


def test_a_count_that_is_too_high_locks_nobody_out(
    redis: redis_py.Redis, settings: WorkerSettings, book: ledger.Ledger
) -> None:
    """A job whose record is gone leaves without being counted out.

    Its tenant is weighed by its count only where the lane holds as many, and an empty
    lane has no counts.
    """
    desk = queue.Queue(redis, settings.model_copy(update={"tenant_quota": 2}))
    for _ in range(2):
        redis.delete(keys.job_key(desk.submit(submission()).job.id))
    claimed(book, limit=2)
    tend(book, redis)
    tend(book, redis)
    assert _counted(redis) == {}

    redis.hset(f"kerbside:open:{PREDICTIONS}", "acme", 9)
    desk.submit(submission())
    tend(book, redis)
    assert _counted(redis) == {"acme": 10}

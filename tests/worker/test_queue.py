"""The laws of the front desk, on a real server."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
import redis as redis_py

from tests.worker.conftest import submission, tend
from worker import ledger, queue
from worker.errors import (
    IdempotencyMismatch,
    JobGone,
    MemoryFull,
    QueueFull,
    UnknownJob,
)
from worker.jobs import Job, State
from worker.keys import PREDICTIONS
from worker.leases import Completion
from worker.settings import WorkerSettings

Submit = Callable[..., Job]


def test_a_submitted_job_reads_as_it_was_answered(front_desk: queue.Queue) -> None:
    """The receipt, made without a second look, equals what a poll finds."""
    taken = submission(metadata=b'{"ref":"a"}')
    receipt = front_desk.submit(taken)
    assert not receipt.replayed
    assert front_desk.find("acme", taken.id) == receipt.job


def test_a_repeated_key_returns_the_first_job(front_desk: queue.Queue) -> None:
    """The same key and body is the same job, in whatever state it is now."""
    first = front_desk.submit(submission(idempotency_key="k", fingerprint="f"))
    again = front_desk.submit(submission(idempotency_key="k", fingerprint="f"))
    assert again.replayed
    assert again.job == first.job


def test_a_repeated_key_with_another_body_is_refused(front_desk: queue.Queue) -> None:
    """The refusal names the job that holds the key."""
    first = front_desk.submit(submission(idempotency_key="k", fingerprint="f"))
    with pytest.raises(IdempotencyMismatch) as caught:
        front_desk.submit(submission(idempotency_key="k", fingerprint="g"))
    assert caught.value.job_id == first.job.id


def test_a_key_belongs_to_its_tenant(front_desk: queue.Queue) -> None:
    """Two tenants may choose the same key."""
    front_desk.submit(submission(idempotency_key="k"))
    other = front_desk.submit(submission(idempotency_key="k", tenant="other"))
    assert not other.replayed


def test_fifty_submits_at_once_with_one_key_make_one_job(
    front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """Exactly one of them takes the house."""
    with ThreadPoolExecutor(16) as pool:
        receipts = list(
            pool.map(
                lambda _: front_desk.submit(submission(idempotency_key="k")), range(50)
            )
        )
    assert len({receipt.job.id for receipt in receipts}) == 1
    assert sum(not receipt.replayed for receipt in receipts) == 1
    assert redis.llen(PREDICTIONS) == 1


def test_a_full_lane_refuses_and_writes_nothing(
    redis: redis_py.Redis, settings: WorkerSettings
) -> None:
    """The bound holds exactly, and the refusal says when to come back."""
    small = queue.Queue(redis, settings.model_copy(update={"queue_bound": 2}))
    small.submit(submission())
    small.submit(submission())
    refused = submission(idempotency_key="k")
    with pytest.raises(QueueFull) as caught:
        small.submit(refused)
    assert caught.value.retry_after_s >= 1
    with pytest.raises(UnknownJob):
        small.find("acme", refused.id)
    assert redis.llen(PREDICTIONS) == 2


def test_messages_of_jobs_that_have_ended_fill_no_lane(
    redis: redis_py.Redis, settings: WorkerSettings
) -> None:
    """The bound and the place in line count jobs, as the scaler does."""
    small = queue.Queue(redis, settings.model_copy(update={"queue_bound": 2}))
    book = ledger.Ledger(redis, settings)
    redis.lpush(PREDICTIONS, "a stray at the head, so that nothing is cleared away")
    for _ in range(2):
        small.submit(submission(deadline_ms=0))
    assert tend(book, redis).late == 2
    assert redis.llen(PREDICTIONS) == 3
    assert small.submit(submission()).job.position == 1
    assert small.submit(submission()).job.position == 2
    with pytest.raises(QueueFull):
        small.submit(submission())


def test_short_memory_refuses_a_submit(
    front_desk: queue.Queue, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """Above the share of maxmemory, and at maxmemory itself, the answer is the same."""
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(MemoryFull):
            front_desk.submit(submission())
        book.watch_memory()
        with pytest.raises(MemoryFull):
            front_desk.submit(submission())
    finally:
        redis.config_set("maxmemory", 0)
    assert redis.llen(PREDICTIONS) == 0


def test_another_tenants_job_is_unknown(
    front_desk: queue.Queue, submit: Submit
) -> None:
    """Neither a poll nor a cancel tells that the job exists."""
    job = submit()
    with pytest.raises(UnknownJob):
        front_desk.find("other", job.id)
    with pytest.raises(UnknownJob):
        front_desk.cancel("other", job.id)
    assert front_desk.find("acme", job.id).state is State.QUEUED


def test_a_removed_job_is_gone_for_its_tenant_and_unknown_to_others(
    front_desk: queue.Queue, submit: Submit, redis: redis_py.Redis
) -> None:
    """The tombstone tells when the job ended."""
    job = submit()
    ended = front_desk.cancel("acme", job.id)
    redis.delete(f"kerbside:job:{job.id}")
    with pytest.raises(JobGone) as caught:
        front_desk.find("acme", job.id)
    assert caught.value.completed_ms == ended.completed_ms
    with pytest.raises(UnknownJob):
        front_desk.find("other", job.id)


def test_a_cancel_can_be_repeated(front_desk: queue.Queue, submit: Submit) -> None:
    """The second cancel returns the job as it is."""
    job = submit()
    assert front_desk.cancel("acme", job.id) == front_desk.cancel("acme", job.id)


def test_the_position_counts_down(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger
) -> None:
    """A job's place in line follows the claims before it."""
    jobs = [submit() for _ in range(5)]
    assert [job.position for job in jobs] == [1, 2, 3, 4, 5]
    book.claim(PREDICTIONS, limit=3, worker="w")
    assert front_desk.find("acme", jobs[4].id).position == 2
    assert front_desk.find("acme", jobs[0].id).position is None


def test_cancels_leave_no_gaps_in_the_line(
    front_desk: queue.Queue, submit: Submit
) -> None:
    """Who comes after jobs that were canceled is told the place that is true."""
    for _ in range(20):
        front_desk.cancel("acme", submit().id)
    first = submit()
    time.sleep(0.002)
    second = submit()
    assert (first.position, second.position) == (1, 2)
    assert front_desk.find("acme", first.id).position == 1


def test_the_public_form_has_one_shape_in_every_state(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger
) -> None:
    """Keys do not come and go, but for the place in line."""
    job = submit()
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    running = front_desk.find("acme", job.id)
    book.complete(PREDICTIONS, [Completion(lease=lease, output=b"{}")])
    done = front_desk.find("acme", job.id)
    shapes = [set(_keys(one)) - {"queue_position"} for one in (job, running, done)]
    assert shapes[0] == shapes[1] == shapes[2]


def _keys(job: Job) -> list[str]:
    return list(orjson.loads(job.public("http://host")))

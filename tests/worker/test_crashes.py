"""How a house that kills its worker is cornered, on a real server."""

from collections.abc import Callable

import redis as redis_py

from tests.worker.conftest import claimed, lose_worker
from worker import ledger, queue
from worker.jobs import Detail, Job, State
from worker.keys import PREDICTIONS

Submit = Callable[..., Job]
StateOf = Callable[[str], State]


def test_a_job_of_a_dead_worker_is_retried_and_nothing_goes_backwards(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis, front_desk: queue.Queue
) -> None:
    """Sequence and attempts grow through crash and retry."""
    job = submit()
    claimed(book)
    lose_worker(book, redis, job.id)
    again = front_desk.find("acme", job.id)
    assert (again.state, again.sequence, again.crashes) == (State.RETRYING, 3, 1)
    assert claimed(book) == [job.id]
    assert front_desk.find("acme", job.id).attempts == 2


def test_the_third_crash_makes_a_dead_letter(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis, front_desk: queue.Queue
) -> None:
    """Exactly three starts, then the job has failed and says why."""
    job = submit()
    for _ in range(3):
        assert claimed(book) == [job.id]
        lose_worker(book, redis, job.id)
    after = front_desk.find("acme", job.id)
    assert (after.state, after.detail, after.attempts) == (
        State.FAILED,
        Detail.DEAD,
        3,
    )
    assert after.error == "Its worker died 3 times while pricing this house."
    # Who it was is for operators to read.
    assert redis.hget(f"kerbside:job:{job.id}", "worker") == b"w"
    assert claimed(book) == []
    assert redis.zrange(f"kerbside:dead:{PREDICTIONS}", 0, -1) == [job.id.encode()]


def test_crashed_jobs_run_in_small_batches_and_then_alone(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A house that kills its worker is cornered in three steps."""
    ids = [submit().id for _ in range(20)]
    fresh = submit().id
    assert claimed(book, limit=20) == ids
    lose_worker(book, redis, *ids)
    small = claimed(book, limit=20)
    assert len(small) == 8
    lose_worker(book, redis, *small)
    alone = claimed(book, limit=20)
    assert len(alone) == 1
    rest = [claimed(book, limit=20) for _ in range(10)]
    assert [len(batch) for batch in rest[:9]] == [1] * 7 + [8, 4]
    assert rest[9] == [fresh]


def test_a_fresh_batch_stops_before_a_crashed_job(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """Jobs of different crash counts never share a batch."""
    crashed, fresh = submit().id, submit().id
    assert claimed(book, limit=1) == [crashed]
    lose_worker(book, redis, crashed)
    assert claimed(book) == [crashed]
    assert claimed(book) == [fresh]


def test_a_claim_of_fresh_jobs_leaves_a_crashed_one_in_its_place(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A worker with something in its hand must not take one."""
    crashed, fresh = submit().id, submit().id
    assert claimed(book, limit=1) == [crashed]
    lose_worker(book, redis, crashed)
    claim = book.claim(PREDICTIONS, limit=10, worker="w", fresh=True)
    assert (claim.leases, claim.left) == ([], 2)
    assert claimed(book) == [crashed]
    claim = book.claim(PREDICTIONS, limit=10, worker="w", fresh=True)
    assert [one.id for one in claim.leases] == [fresh]

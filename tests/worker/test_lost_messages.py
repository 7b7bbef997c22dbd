"""The ledger counts, whatever became of a message, on a real server."""

import time
from collections.abc import Callable

import pytest
import redis as redis_py

from tests.worker.conftest import claimed, tend
from worker import ledger
from worker.jobs import Job
from worker.keys import PREDICTIONS
from worker.leases import Tick

Submit = Callable[..., Job]


def test_lost_messages_are_sent_again_once(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A deleted lane is refilled by one tick, in order to the ms, and no tick adds."""
    created = {job.id: job.created_ms for job in (submit() for _ in range(1200))}
    time.sleep(0.005)
    redis.delete(PREDICTIONS)
    assert tend(book, redis).resent == 1200
    assert tend(book, redis).resent == 0
    assert redis.llen(PREDICTIONS) == 1200
    ids = claimed(book, limit=1000)
    assert len(ids) == 1000
    assert [created[one] for one in ids] == sorted(created.values())[:1000]


def test_messages_that_wait_are_never_sent_again(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """However long a job waits, its one message is enough."""
    for _ in range(50):
        submit()
    claimed(book, limit=20, worker="stops")
    book.release(PREDICTIONS, worker="stops")
    time.sleep(0.005)
    for _ in range(3):
        assert tend(book, redis) == Tick()
    assert redis.llen(PREDICTIONS) == 50


def test_a_head_message_without_a_time_stops_no_resend_for_ever(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A foreign message at the head delays the reaper until a worker takes it."""
    submit()
    redis.delete(PREDICTIONS)
    redis.rpush(PREDICTIONS, '{"headers": {"id": "stranger"}}')
    assert tend(book, redis).resent == 0
    claimed(book)
    assert tend(book, redis).resent == 1


def test_a_message_twice_is_a_job_once(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis
) -> None:
    """A duplicate hint is dropped silently."""
    job = submit()
    (message,) = redis.lrange(PREDICTIONS, 0, -1)
    redis.lpush(PREDICTIONS, message)
    claim = book.claim(PREDICTIONS, limit=10, worker="w")
    assert [lease.id for lease in claim.leases] == [job.id]
    assert (claim.left, claim.strays) == (0, 0)


@pytest.mark.parametrize("message", ["not json", "{}", '{"headers":{"id":"unknown"}}'])
def test_a_message_without_a_job_is_set_aside(
    book: ledger.Ledger, submit: Submit, redis: redis_py.Redis, message: str
) -> None:
    """What cannot be read or has no record neither loops nor holds up the lane."""
    redis.lpush(PREDICTIONS, message)
    job = submit()
    claim = book.claim(PREDICTIONS, limit=10, worker="w")
    assert [lease.id for lease in claim.leases] == [job.id]
    assert claim.strays == 1
    assert redis.lrange(f"kerbside:strays:{PREDICTIONS}", 0, -1) == [message.encode()]
    assert redis.llen(PREDICTIONS) == 0

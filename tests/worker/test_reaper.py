"""The reaper's laws on clocks, gaps and the order of the lane, on a real server."""

import time
from collections.abc import Callable
from typing import Any

import redis as redis_py

from tests.worker.conftest import claimed, clock, submission, tend
from worker import ledger, queue
from worker.jobs import Job, State
from worker.keys import PREDICTIONS
from worker.leases import Tick
from worker.settings import WorkerSettings

Submit = Callable[..., Job]

RUNNING = f"kerbside:running:{PREDICTIONS}"


def test_jobs_that_come_back_in_any_order_are_not_taken_for_lost(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
) -> None:
    """An older job behind a younger one is in line: its message is not sent twice."""
    jobs = []
    for _ in range(30):
        jobs.append(submit().id)
        time.sleep(0.002)
    older = claimed(book, limit=10, worker="slow")
    younger = claimed(book, limit=10, worker="fast")

    redis.zadd(RUNNING, dict.fromkeys(older, 1))
    first = tend(book, redis)
    redis.zadd(RUNNING, dict.fromkeys(younger, 1))
    second = tend(book, redis)

    assert (first, second) == (Tick(retried=10), Tick(retried=10))
    assert redis.llen(PREDICTIONS) == 30
    assert tend(book, redis) == Tick()


def test_jobs_of_a_dead_worker_start_again_in_their_order(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
) -> None:
    """The oldest of a lost batch is the first to be tried again."""
    ids = [submit().id for _ in range(8)]
    claimed(book, limit=8, worker="dies")
    redis.zadd(RUNNING, dict.fromkeys(ids, 1))
    tend(book, redis)

    assert claimed(book, limit=8, worker="next") == ids


def test_a_job_that_came_back_can_still_be_canceled_with_its_message(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
    front_desk: queue.Queue,
) -> None:
    """Whatever time its message carries, the record knows it."""
    older = submit().id
    time.sleep(0.002)
    younger = submit().id
    claimed(book, limit=1, worker="first")
    claimed(book, limit=1, worker="second")
    book.release(PREDICTIONS, worker="first")
    book.release(PREDICTIONS, worker="second")

    for job_id in (older, younger):
        assert front_desk.cancel("acme", job_id).state is State.CANCELED
    assert redis.llen(PREDICTIONS) == 0


def test_ticks_that_are_always_late_still_end_the_leases_of_the_dead(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
    settings: WorkerSettings,
) -> None:
    """Where every tick is a gap, forgiving it whole would forgive for ever."""
    submit()
    claimed(book, limit=1, worker="dies")
    period_ms = 2500
    retried = 0
    for _ in range(int(settings.lease_s) + 2):
        # The time of a period passes for the leases and for the last tick.
        held: Any = redis.zrange(RUNNING, 0, -1, withscores=True)
        for member, score in held:
            redis.zadd(RUNNING, {member: score - period_ms})
        retried += tend(book, redis, last_ms=clock(redis) - period_ms).retried

    assert retried == 1


def test_messages_of_jobs_that_have_ended_leave_the_lane(
    book: ledger.Ledger,
    redis: redis_py.Redis,
    settings: WorkerSettings,
) -> None:
    """Without a worker their deadlines would fill it; the first open job ends this."""
    # Where the wait is not weighed.
    desk = queue.Queue(redis, settings.model_copy(update={"max_wait_s": 0}))
    for _ in range(700):
        desk.submit(submission(deadline_ms=0))
    waits = desk.submit(submission()).job.id
    desk.submit(submission(deadline_ms=0))

    assert tend(book, redis) == Tick(late=701)

    assert redis.llen(PREDICTIONS) == 2
    assert tend(book, redis) == Tick()
    assert claimed(book) == [waits]
    assert redis.llen(PREDICTIONS) == 0


def test_a_message_without_a_record_is_left_for_the_claim(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
) -> None:
    """Only there it is counted and set aside."""
    redis.lpush(PREDICTIONS, '{"headers":{"id":"unknown"}}', "not json")
    submit(deadline_ms=0)

    tend(book, redis)

    assert redis.llen(PREDICTIONS) == 3
    assert book.claim(PREDICTIONS, limit=10, worker="w").strays == 2


def test_a_clock_that_was_set_back_stops_no_reaper(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
    settings: WorkerSettings,
) -> None:
    """Leases move with the clock, and lost messages are still found."""
    hour_ms = 3_600_000
    held, lost = submit().id, submit().id
    claimed(book, limit=1, worker="works")
    redis.zadd(RUNNING, {held: clock(redis) + hour_ms + 5000})
    redis.delete(PREDICTIONS)
    redis.zadd(f"kerbside:waiting:{PREDICTIONS}", {lost: clock(redis) + hour_ms})

    tick = tend(book, redis, last_ms=clock(redis) + hour_ms)

    assert (tick.forgiven, tick.resent) == (1, 1)
    lease_end = redis.zscore(RUNNING, held)
    assert lease_end is not None
    assert lease_end <= clock(redis) + settings.lease_s * 1000


def test_a_clock_that_was_set_back_floods_no_lane(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
) -> None:
    """A head message from the future makes none of the later ones look lost."""
    hour_ms = 3_600_000
    early = submit().id
    message: Any = redis.lindex(PREDICTIONS, 0)
    sent = int(redis.zscore(f"kerbside:waiting:{PREDICTIONS}", early) or 0)
    future = message.replace(b"%d" % sent, b"%d" % (sent + hour_ms))
    redis.lset(PREDICTIONS, 0, future)
    redis.zadd(f"kerbside:waiting:{PREDICTIONS}", {early: sent + hour_ms})
    for _ in range(5):
        submit()

    assert tend(book, redis).resent == 0
    assert redis.llen(PREDICTIONS) == 6

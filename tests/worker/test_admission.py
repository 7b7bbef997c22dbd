"""The laws of who is let into a line, on a real server."""

from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from tests.worker.conftest import claimed, submission, tend
from worker import keys, ledger, pauses, queue, upkeep
from worker.capacity import Capacity
from worker.errors import LongWait, QueueFull, UnknownWait
from worker.jobs import Job, State
from worker.keys import PREDICTIONS
from worker.leases import Completion
from worker.metrics import Metrics
from worker.rates import read
from worker.settings import WorkerSettings

Submit = Callable[..., Job]
Line = Callable[..., None]

CAPACITY = f"kerbside:capacity:{PREDICTIONS}"
SAMPLES = f"kerbside:samples:{PREDICTIONS}"


@pytest.fixture
def line(submit: Submit, redis: redis_py.Redis) -> Line:
    """Return a function that lets jobs wait in a lane of a capacity."""

    def line(jobs: int, per_s: float) -> None:
        for _ in range(jobs):
            submit()
        redis.set(CAPACITY, f"{per_s:g} 1")

    return line


def pass_a_second(redis: Any) -> None:
    """Make all that is known of a lane a second older."""
    samples = [one.split() for one in redis.lrange(SAMPLES, 0, -1)]
    redis.delete(SAMPLES)
    for time_ms, *counts, first_ms, paused in samples:
        first = max(0, int(first_ms) - 1000)
        older = [int(time_ms) - 1000, *map(int, counts), first, int(paused)]
        redis.rpush(SAMPLES, " ".join(map(str, older)))
    waiting = f"kerbside:waiting:{PREDICTIONS}"
    for one, sent in redis.zrange(waiting, 0, -1, withscores=True):
        redis.zadd(waiting, {one: sent - 1000})
    tick = f"kerbside:tick:{PREDICTIONS}"
    if redis.exists(tick):
        redis.set(tick, int(redis.get(tick)) - 1000)


def test_who_would_wait_too_long_is_refused(
    front_desk: queue.Queue, line: Line, redis: redis_py.Redis
) -> None:
    """61 jobs at one a second are more than the minute; only that is written."""
    line(61, per_s=1)
    before: Any = redis.dbsize()
    with pytest.raises(LongWait) as caught:
        front_desk.submit(submission(idempotency_key="k"))

    error = caught.value
    assert (error.wait_s, error.limit_s, error.retry_after_s) == (61, 60, 60)
    assert error.deadline_ms is None
    assert redis.dbsize() == before + redis.exists(f"kerbside:refusals:{PREDICTIONS}")


def test_who_would_wait_just_long_enough_is_let_in(
    front_desk: queue.Queue, line: Line
) -> None:
    """The bound itself is no more than the bound."""
    line(60, per_s=1)

    assert front_desk.submit(submission()).job.state is State.QUEUED


def test_a_deadline_leaves_three_quarters_for_the_wait(
    front_desk: queue.Queue, line: Line
) -> None:
    """30 jobs, and the 31 of its batch; the rest is for errors of measuring."""
    line(30, per_s=10)
    with pytest.raises(LongWait) as caught:
        front_desk.submit(submission(deadline_ms=8133))
    assert (caught.value.wait_s, caught.value.retry_after_s) == (6.1, 6)
    assert caught.value.limit_s == pytest.approx(6.1, abs=0.01)
    assert caught.value.deadline_ms == 8133

    front_desk.submit(submission(deadline_ms=8134))


def test_a_batch_counts_as_what_workers_take_at_once(
    redis: redis_py.Redis, settings: WorkerSettings, line: Line
) -> None:
    """No more than its longest for each of them."""
    small = queue.Queue(redis, settings.model_copy(update={"batch_max": 4}))
    line(30, per_s=5)
    redis.set(CAPACITY, "5 2")
    with pytest.raises(LongWait) as caught:
        small.submit(submission(deadline_ms=5066))
    assert caught.value.wait_s == 3.8
    small.submit(submission(deadline_ms=5067))


def test_jobs_in_hand_count_without_a_line(
    front_desk: queue.Queue, line: Line, book: ledger.Ledger
) -> None:
    """Results come when all of a batch is done, and one's own batch comes after it."""
    line(20, per_s=10)
    claimed(book, limit=20)
    with pytest.raises(LongWait) as caught:
        front_desk.submit(submission(deadline_ms=2799))
    assert caught.value.wait_s == 2.1
    front_desk.submit(submission(deadline_ms=2800))


def test_a_far_deadline_lets_nobody_wait_longer_than_the_setting(
    front_desk: queue.Queue, line: Line
) -> None:
    """The service's own limit holds for all."""
    line(61, per_s=1)
    with pytest.raises(LongWait):
        front_desk.submit(submission(deadline_ms=3_600_000))


def test_what_workers_have_in_hand_counts(
    front_desk: queue.Queue, line: Line, book: ledger.Ledger
) -> None:
    """They are before whoever comes now."""
    line(61, per_s=1)
    claimed(book, limit=50)
    with pytest.raises(LongWait):
        front_desk.submit(submission())


def test_without_a_deadline_nobody_is_refused_where_nobody_waits(
    front_desk: queue.Queue, line: Line, book: ledger.Ledger
) -> None:
    """Whatever is remembered of the capacity: a worker takes it next."""
    line(5, per_s=0.001)
    claimed(book, limit=5)

    assert front_desk.submit(submission()).job.state is State.QUEUED


def test_an_empty_lane_refuses_nobody(front_desk: queue.Queue, line: Line) -> None:
    """A capacity that is no longer true would else be believed for ever."""
    line(0, per_s=0.001)
    front_desk.submit(submission(deadline_ms=1))
    with pytest.raises(LongWait):
        front_desk.submit(submission(deadline_ms=1))


@pytest.mark.parametrize("capacity", [None, "50 0"])
def test_an_unknown_capacity_bounds_who_is_in_a_hurry(
    front_desk: queue.Queue,
    submit: Submit,
    redis: redis_py.Redis,
    capacity: str | None,
) -> None:
    """To a batch's worth; without a near deadline the bound alone holds."""
    if capacity:
        redis.set(CAPACITY, capacity)
    for _ in range(32):
        submit(deadline_ms=5000)
    with pytest.raises(UnknownWait) as caught:
        front_desk.submit(submission(deadline_ms=5000))

    assert (caught.value.jobs, caught.value.retry_after_s) == (32, 5)
    front_desk.submit(submission(deadline_ms=3_600_000))
    front_desk.submit(submission())


def test_the_first_batch_tells_a_capacity(
    front_desk: queue.Queue, submit: Submit, book: ledger.Ledger, redis: Any
) -> None:
    """By the time since its claim, times the workers; a slower one changes nothing."""
    # Another worker finds nothing to do.
    book.claim(PREDICTIONS, limit=1, worker="other")
    for _ in range(24):
        submit()

    def priced(jobs: int, took_ms: int) -> Capacity:
        leases = book.claim(PREDICTIONS, limit=jobs, worker="w").leases
        for lease in leases:
            key = keys.job_key(lease.id)
            redis.hset(key, "started", int(redis.hget(key, "started")) - took_ms)
        book.complete(PREDICTIONS, [Completion(lease=one) for one in leases])
        return Capacity.parse(redis.get(CAPACITY))

    first = priced(1, 1000)
    assert first.per_worker_s == pytest.approx(1, rel=0.2)
    assert (first.workers, first.is_guess) == (2, True)
    second = priced(20, 10_000)
    assert second.per_worker_s == pytest.approx(2, rel=0.1)
    assert priced(1, 100_000) == second

    redis.set(CAPACITY, "0.5 1")
    assert priced(1, 1000) == Capacity(0.5, 1)
    with pytest.raises(LongWait):
        front_desk.submit(submission(deadline_ms=2000))


def test_admission_can_be_switched_off(
    redis: redis_py.Redis, settings: WorkerSettings, line: Line
) -> None:
    """Then neither the wait nor a deadline keeps anybody out."""
    open_to_all = queue.Queue(redis, settings.model_copy(update={"max_wait_s": 0}))
    line(61, per_s=1)

    assert open_to_all.submit(submission(deadline_ms=1)).job.state is State.QUEUED


def test_a_retry_is_weighed_like_a_submit(front_desk: queue.Queue, line: Line) -> None:
    """It waits in the same line."""
    job = front_desk.submit(submission()).job
    front_desk.cancel("acme", job.id)
    line(30, per_s=10)
    with pytest.raises(LongWait):
        front_desk.retry("acme", job.id, deadline_ms=1000)
    front_desk.retry("acme", job.id)


def test_a_full_lane_says_when_to_come_back_by_its_capacity(
    redis: redis_py.Redis, settings: WorkerSettings, line: Line
) -> None:
    """20 jobs at two a second: ten seconds."""
    small = queue.Queue(redis, settings.model_copy(update={"queue_bound": 20}))
    line(20, per_s=2)
    with pytest.raises(QueueFull) as caught:
        small.submit(submission())
    assert caught.value.retry_after_s == 10


def test_upkeep_measures_what_workers_do(
    book: ledger.Ledger, submit: Submit, redis: Any, metrics: Metrics
) -> None:
    """Results count, not jobs that were canceled or came too late."""
    submit(deadline_ms=0)
    for _ in range(40):
        submit()
    for _ in range(7):
        leases = book.claim(PREDICTIONS, limit=5, worker="w").leases
        done = [Completion(lease=one, output=b"{}") for one in leases]
        book.complete(PREDICTIONS, done)
        pass_a_second(redis)
        upkeep.tend(book, metrics)

    found = Capacity.parse(redis.get(CAPACITY))
    assert found.workers == 1
    assert found.per_worker_s == pytest.approx(5, rel=0.1)
    assert not found.is_guess
    assert redis.ttl(CAPACITY) == -1


def test_a_tick_tells_that_the_lane_is_paused(
    book: ledger.Ledger, submit: Submit, redis: Any
) -> None:
    """What stood still for a while is not measured as work."""
    submit()
    pauses.begin(redis, PREDICTIONS)
    tend(book, redis)
    pauses.end(redis, PREDICTIONS)
    tend(book, redis)

    ticks = read(redis.lrange(SAMPLES, 0, -1))
    assert [one.paused for one in ticks] == [0, 1]


def test_a_tick_that_another_reaper_made_measures_nothing(
    book: ledger.Ledger, redis: redis_py.Redis, submit: Submit, metrics: Metrics
) -> None:
    """Who was not let at the lane has no new sample either."""
    submit()
    tend(book, redis)
    upkeep.tend(book, metrics)
    assert not redis.exists(CAPACITY)


def test_a_batch_is_no_longer_than_its_first_deadline_lets_it_be(
    submit: Submit, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """Who came with little time was let in for a short batch; the others follow."""
    redis.set(CAPACITY, "10 1")
    late, near, *_ = (submit() for _ in range(42))
    redis.hset(keys.job_key(late.id), "deadline", 1)
    redis.hset(keys.job_key(near.id), "deadline", near.created_ms + 3000)

    batches = [len(claimed(book, limit=100)) for _ in range(2)]

    assert 20 <= batches[0] <= 24
    assert sum(batches) == 41
    assert redis.hget(keys.job_key(late.id), "state") == b"canceled"

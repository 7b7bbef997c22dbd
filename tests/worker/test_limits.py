"""The laws of what a key may send and a tenant may have open, on a real server."""

from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from tests.worker.conftest import submission
from worker import keys, queue
from worker.errors import (
    IdempotencyMismatch,
    QueueFull,
    RateExceeded,
)
from worker.jobs import Job, State
from worker.keys import PREDICTIONS
from worker.limits import Allowance, InvalidRateLimit, Meter, RateLimit
from worker.settings import WorkerSettings

Submit = Callable[..., Job]

#: So long a time that none of it comes back during a test.
SLOW = Meter("slow", RateLimit(3, 3600))


def rate_key(redis: redis_py.Redis) -> list[bytes]:
    """Return the keys that hold what keys have sent."""
    found: Any = redis.keys("kerbside:rate:*")
    return list(found)


@pytest.mark.parametrize(
    ("text", "limit"),
    [("100/60", RateLimit(100, 60)), (" 1/1 ", RateLimit(1, 1))],
)
def test_a_limit_is_read_as_it_is_written(text: str, limit: RateLimit) -> None:
    """Requests, a slash, seconds; and back."""
    assert RateLimit.parse(text) == limit
    assert str(limit) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "100", "100/", "0/60", "1/0", "-1/60", "1.5/60", "1/86401", "1/s"]
)
def test_what_is_no_limit_is_told(text: str) -> None:
    """With what was written and what was expected."""
    with pytest.raises(InvalidRateLimit, match="expected"):
        RateLimit.parse(text)


def test_a_limit_that_cannot_be_counted_exactly_is_told() -> None:
    """Steps of 16 us would make it 62500 requests; the nearest that fit are named."""
    with pytest.raises(InvalidRateLimit, match="58823 or 62500 in 1 s"):
        RateLimit(60_001, 1)


def test_more_than_can_be_counted_is_no_limit() -> None:
    """The ledger counts in whole microseconds."""
    assert RateLimit(100_000, 1).requests == 100_000
    with pytest.raises(InvalidRateLimit, match="100001/1 cannot be used"):
        RateLimit(100_001, 1)


def test_a_key_may_send_all_of_its_limit_at_once_and_no_more(
    front_desk: queue.Queue,
) -> None:
    """Each answer says what is left, and the refusal when the next one fits."""
    limit = SLOW.limit
    left = [front_desk.submit(submission(meter=SLOW)).allowance for _ in range(3)]

    assert left == [
        Allowance(limit, remaining, reset_s)
        for remaining, reset_s in ((2, 1200), (1, 2400), (0, 1200))
    ]
    with pytest.raises(RateExceeded) as caught:
        front_desk.submit(submission(meter=SLOW))
    assert caught.value.retry_after_s == 1200
    assert caught.value.allowance == Allowance(limit, 0, 1200)


def test_what_a_key_may_send_comes_back_bit_by_bit(
    front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """A third of the time after three requests one more fits, and only one."""
    for _ in range(3):
        front_desk.submit(submission(meter=SLOW))
    key = "kerbside:rate:slow"
    third_us = SLOW.limit.seconds * 1_000_000 // 3
    redis.set(key, int(redis.get(key) or 0) - third_us)

    assert front_desk.submit(submission(meter=SLOW)).allowance == Allowance(
        SLOW.limit, 0, 1200
    )
    with pytest.raises(RateExceeded):
        front_desk.submit(submission(meter=SLOW))


@pytest.mark.parametrize(
    "limit", [RateLimit(7, 3600), RateLimit(1, 60), RateLimit(90, 86_400)]
)
def test_the_limit_is_exact(front_desk: queue.Queue, limit: RateLimit) -> None:
    """Also where seconds cannot be divided by requests."""
    meter = Meter("k", limit)
    left = [
        front_desk.submit(submission(meter=meter)).allowance
        for _ in range(limit.requests)
    ]

    assert [one and one.remaining for one in left] == [
        *range(limit.requests - 1, -1, -1)
    ]
    with pytest.raises(RateExceeded):
        front_desk.submit(submission(meter=meter))


def test_no_more_is_left_than_the_limit_less_what_was_used(
    front_desk: queue.Queue,
) -> None:
    """In steps of whole microseconds a second has time for one more."""
    limit = RateLimit(1999, 1)
    answer = front_desk.submit(submission(meter=Meter("k", limit)))
    assert answer.allowance == Allowance(limit, 1998, 1)


def test_keys_count_apart_and_who_has_no_limit_is_not_counted(
    front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """One key's requests take nothing from another's; one small string is kept each."""
    meters = [Meter(name, RateLimit(1, 3600)) for name in "ab"]
    for meter in meters:
        front_desk.submit(submission(meter=meter))
    assert front_desk.submit(submission()).allowance is None

    keys = rate_key(redis)
    assert sorted(keys) == [b"kerbside:rate:a", b"kerbside:rate:b"]
    lives_ms: Any = redis.pttl(keys[0])
    assert 3_590_000 < lives_ms <= 3_600_000


def test_a_repeat_counts_and_is_answered_while_it_fits(
    front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """It is a request; so is one that says another thing with the same key."""
    taken = submission(idempotency_key="k", fingerprint="f", meter=SLOW)
    first = front_desk.submit(taken)
    again = front_desk.submit(taken)
    assert (again.replayed, again.job.id) == (True, first.job.id)
    assert again.allowance == Allowance(SLOW.limit, 1, 2400)
    other = submission(idempotency_key="k", fingerprint="g", meter=SLOW)
    with pytest.raises(IdempotencyMismatch) as caught:
        front_desk.submit(other)
    assert caught.value.allowance == Allowance(SLOW.limit, 0, 1200)
    with pytest.raises(RateExceeded):
        front_desk.submit(taken)
    assert redis.llen(PREDICTIONS) == 1


def test_a_repeat_is_answered_by_a_full_server(
    front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """The job was taken: that it is counted must not make it unknown."""
    taken = submission(idempotency_key="k", fingerprint="f", meter=SLOW)
    front_desk.submit(taken)
    redis.config_set("maxmemory", 1)
    try:
        assert front_desk.submit(taken).replayed
    finally:
        redis.config_set("maxmemory", 0)


def test_a_refused_request_costs_nothing(
    redis: redis_py.Redis, settings: WorkerSettings
) -> None:
    """Who comes again when told to has lost nothing."""
    narrow = queue.Queue(redis, settings.model_copy(update={"queue_bound": 1}))
    narrow.submit(submission(meter=SLOW))
    before = redis.get("kerbside:rate:slow")
    for _ in range(5):
        with pytest.raises(QueueFull) as caught:
            narrow.submit(submission(meter=SLOW))
        assert caught.value.allowance == Allowance(SLOW.limit, 2, 1200)
    assert redis.get("kerbside:rate:slow") == before


def test_a_full_server_refuses_for_the_reason_that_is_true(
    front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """It cannot count the refusal, and says no other for that."""
    for _ in range(3):
        front_desk.submit(submission(meter=SLOW))
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(RateExceeded):
            front_desk.submit(submission(meter=SLOW))
    finally:
        redis.config_set("maxmemory", 0)


def test_a_refusal_that_nobody_knows_is_no_full_memory(
    front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """It is a fault of ours, and shows."""
    redis.set(keys.MEMORY_FULL, "odd")
    with pytest.raises(KeyError, match="odd"):
        front_desk.submit(submission())


def test_a_retry_counts(front_desk: queue.Queue) -> None:
    """It makes as much work as a submit."""
    meter = Meter("k", RateLimit(2, 3600))
    job = front_desk.submit(submission(meter=meter)).job
    front_desk.cancel("acme", job.id)
    again = front_desk.retry("acme", job.id, meter=meter)
    assert again.allowance == Allowance(meter.limit, 0, 1800)
    front_desk.cancel("acme", job.id)
    with pytest.raises(RateExceeded):
        front_desk.retry("acme", job.id, meter=meter)
    assert front_desk.find("acme", job.id).state is State.CANCELED


def test_a_clock_that_was_set_back_locks_no_key_out(
    front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """A key waits no longer than if it had just sent all that it may."""
    redis.set("kerbside:rate:slow", 4_000_000_000_000_000)
    with pytest.raises(RateExceeded) as caught:
        front_desk.submit(submission(meter=SLOW))
    assert caught.value.retry_after_s == 1200

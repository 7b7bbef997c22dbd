"""The laws of what is told of a lane, on a real server."""

from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from tests.worker.conftest import claimed, clock, tend
from worker import keys, ledger, pauses, queue
from worker.jobs import Job
from worker.keys import PREDICTIONS, WEBHOOKS
from worker.lanes import Lanes, expected_wait_s
from worker.rates import Rates

Submit = Callable[..., Job]


@pytest.fixture
def lanes(redis: redis_py.Redis) -> Lanes:
    """Return what reads the lanes of the test's Redis."""
    return Lanes(redis)


def _sample(redis: redis_py.Redis, newest_ms: int) -> None:
    """Write the samples of five ticks, the last one at `newest_ms`."""
    samples = [
        f"{newest_ms - i * 1000} {900 - 100 * i} {450 - 50 * i} 0" for i in range(5)
    ]
    redis.rpush(f"kerbside:samples:{PREDICTIONS}", *samples)


def test_the_scaler_reads_rates_from_the_reapers_samples(
    lanes: Lanes, redis: redis_py.Redis
) -> None:
    """Arrivals and ends per second are differences of counters over the window."""
    _sample(redis, clock(redis) - 500)
    lane = lanes.scaler()["queues"][PREDICTIONS]
    assert (lane["arrivals_per_s"], lane["jobs_per_s"]) == (100.0, 50.0)


def test_rates_of_long_ago_are_not_told(lanes: Lanes, redis: redis_py.Redis) -> None:
    """While the reaper is away nothing is known of the pace."""
    _sample(redis, clock(redis) - 15_000)
    lane = lanes.scaler()["queues"][PREDICTIONS]
    assert (lane["arrivals_per_s"], lane["jobs_per_s"]) == (0.0, 0.0)


def test_no_more_samples_are_kept_than_are_read(
    book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """A window's worth, one each tick."""
    for _ in range(20):
        tend(book, redis)
    assert redis.llen(f"kerbside:samples:{PREDICTIONS}") == 16


def test_the_scaler_counts_jobs_and_not_messages(
    lanes: Lanes, submit: Submit, redis: redis_py.Redis
) -> None:
    """A job counts once, whether its message is there twice or lost."""
    submit()
    submit()
    message: Any = redis.lindex(PREDICTIONS, 0)
    redis.lpush(PREDICTIONS, message, message)
    assert lanes.scaler()["queues"][PREDICTIONS]["waiting"] == 2
    redis.delete(PREDICTIONS)
    assert lanes.scaler()["queues"][PREDICTIONS]["waiting"] == 2


def test_the_age_of_the_oldest_counts_from_its_submit(
    lanes: Lanes,
    submit: Submit,
    book: ledger.Ledger,
    redis: redis_py.Redis,
) -> None:
    """A message that was lost and sent again makes no job younger."""
    lane = lanes.scaler()["queues"][PREDICTIONS]
    assert lane["oldest_age_s"] == 0.0
    job = submit()
    redis.hset(keys.job_key(job.id), "created", clock(redis) - 5000)
    redis.delete(PREDICTIONS)
    assert tend(book, redis).resent == 1
    lane = lanes.scaler()["queues"][PREDICTIONS]
    assert 5.0 <= lane["oldest_age_s"] < 60.0


def test_a_delivery_s_age_counts_from_its_turn(
    lanes: Lanes, redis: redis_py.Redis
) -> None:
    """What is tried again after hours was late by its receiver, not by its lane."""
    sent = clock(redis) - 5000
    redis.hset(keys.job_key("dlv_1"), mapping={"created": 1, "sent": sent})
    redis.zadd(f"kerbside:waiting:{WEBHOOKS}", {"dlv_1": sent})
    lane = lanes.scaler()["queues"][WEBHOOKS]
    assert 5.0 <= lane["oldest_age_s"] < 60.0


def test_a_paused_lane_asks_for_no_workers(
    lanes: Lanes, submit: Submit, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """The backlog of a paused lane counts zero."""
    submit()
    pauses.begin(redis, PREDICTIONS)
    lane = lanes.scaler()["queues"][PREDICTIONS]
    assert (lane["backlog"], lane["paused"]) == (0, True)


def test_the_scaler_counts_workers_that_claim(
    lanes: Lanes, book: ledger.Ledger
) -> None:
    """An idle worker counts, for it asks every second."""
    book.claim(PREDICTIONS, limit=1, worker="one")
    book.claim(PREDICTIONS, limit=1, worker="two")
    assert lanes.scaler()["queues"][PREDICTIONS]["workers"] == 2


@pytest.mark.parametrize(
    ("jobs", "found", "wait_s"),
    [
        (100, Rates(starts_per_s=10), 10),
        (100, Rates(starts_per_s=10, ends_per_s=1), 10),
        (100, Rates(ends_per_s=10), 10),
        (1, Rates(starts_per_s=1000), 1),
        (100_000, Rates(starts_per_s=1), 60),
        (100, Rates(), 5),
    ],
)
def test_the_advice_is_the_time_in_which_so_many_start(
    jobs: int, found: Rates, wait_s: int
) -> None:
    """Within bounds, and a few seconds where nothing is known."""
    assert expected_wait_s(jobs, found) == wait_s


def test_the_reaper_samples_how_far_the_line_was_taken(
    lanes: Lanes, submit: Submit, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """Two ticks with a line at both: the pace is what was claimed between them."""
    for _ in range(30):
        submit()
    claimed(book, limit=5)
    tend(book, redis)
    key = f"kerbside:samples:{PREDICTIONS}"
    first: Any = redis.lpop(key)
    time_ms, *counts = first.split()
    redis.lpush(key, b" ".join([b"%d" % (int(time_ms) - 1000), *counts]))
    claimed(book, limit=20)
    tend(book, redis)

    assert lanes.rates(PREDICTIONS).starts_per_s == pytest.approx(20, rel=0.2)


def test_a_retried_job_is_as_old_as_its_retry(
    lanes: Lanes, submit: Submit, front_desk: queue.Queue, redis: redis_py.Redis
) -> None:
    """What failed a day ago does not call for workers as if it had waited since."""
    job = submit()
    redis.hset(keys.job_key(job.id), "created", clock(redis) - 86_400_000)
    front_desk.cancel("acme", job.id)
    front_desk.retry("acme", job.id)

    assert lanes.scaler()["queues"][PREDICTIONS]["oldest_age_s"] < 60

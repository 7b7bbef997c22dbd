"""The laws of what is kept and told of a lane's last hour."""

from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from tests.worker.conftest import clock, tend
from worker import history, keys, ledger
from worker.jobs import Job
from worker.keys import PREDICTIONS
from worker.lanes import Lanes
from worker.leases import Completion

HISTORY = f"kerbside:history:{PREDICTIONS}"

Submit = Callable[..., Job]
Pass = Callable[[int], None]


def kept(*rows: str) -> list[bytes]:
    """Return points as the reaper keeps them, newest first, given oldest first."""
    return [row.encode() for row in reversed(rows)]


def times(*points: str) -> list[str]:
    """Return the times of what is told, without what is the same in all."""
    told = history.told(kept(*points), 0)
    return [one["time"].removeprefix("1970-01-01T") for one in told]


@pytest.fixture
def let_pass(redis: redis_py.Redis) -> Pass:
    """Return a function that lets milliseconds pass for all points that are kept."""

    def let_pass(ms: int) -> None:
        points: Any = redis.lrange(HISTORY, 0, -1)
        for place, point in enumerate(points):
            time_ms, rest = point.decode().split(maxsplit=1)
            redis.lset(HISTORY, place, f"{int(time_ms) - ms} {rest}")

    return let_pass


def test_a_point_tells_what_happened_since_the_one_before() -> None:
    """Rates and the mean wait are differences; what stands is as it stood."""
    points = kept(
        "10000 100 90 5 5 9900 0 95 2000", "20000 300 190 90 20 16500 1 215 5000"
    )

    assert history.told(points, 0) == [
        {
            "time": "1970-01-01T00:00:20.000Z",
            "arrivals_per_s": 20.0,
            "jobs_per_s": 10.0,
            "waiting": 90,
            "running": 20,
            "oldest_age_s": 3.5,
            "mean_wait_s": 0.025,
            "paused": True,
        }
    ]


def test_where_none_started_no_wait_is_told() -> None:
    """Nor an age where nobody waits."""
    (told,) = history.told(kept("10000 7 7 0 0 0 0 7 90", "20000 7 7 0 0 0 0 7 90"), 0)

    assert (told["mean_wait_s"], told["oldest_age_s"]) == (None, 0.0)


def test_a_time_without_a_reaper_is_a_gap() -> None:
    """No average over it is told, and no zero."""
    step = "0 0 0 0 0 0 0 0"

    assert times(f"10000 {step}", f"50000 {step}", f"60000 {step}") == ["00:01:00.000Z"]


def test_a_clock_that_was_set_back_makes_a_gap() -> None:
    """Nothing can be told of a time that runs backwards."""
    step = "0 0 0 0 0 0 0 0"

    assert times(f"90000 {step}", f"10000 {step}", f"20000 {step}") == ["00:00:20.000Z"]


def test_only_what_was_asked_for_is_told() -> None:
    """The point before it is what the first one is measured by."""
    step = "0 0 0 0 0 0 0 0"
    points = kept(f"10000 {step}", f"20000 {step}", f"30000 {step}")

    assert len(history.told(points, 25_000)) == 1


def test_the_reaper_keeps_a_point_about_each_ten_seconds(
    book: ledger.Ledger, redis: redis_py.Redis, let_pass: Pass
) -> None:
    """Ticks between are passed over, and one that comes a little early is not."""
    tend(book, redis)
    let_pass(9000)
    tend(book, redis)
    assert redis.llen(HISTORY) == 1
    let_pass(900)
    tend(book, redis)
    assert redis.llen(HISTORY) == 2


def test_a_point_from_the_future_holds_up_nothing(
    book: ledger.Ledger, redis: redis_py.Redis, let_pass: Pass
) -> None:
    """Where Redis's clock was set back, history goes on at once."""
    tend(book, redis)
    let_pass(-60_000)
    tend(book, redis)

    assert redis.llen(HISTORY) == 2


def test_an_hour_is_kept(
    book: ledger.Ledger, redis: redis_py.Redis, let_pass: Pass
) -> None:
    """And no more: the list is bounded."""
    old = clock(redis) - 3_600_000
    redis.rpush(HISTORY, *[f"{old} 0 0 0 0 0 0 0 0"] * 400)
    tend(book, redis)

    assert redis.llen(HISTORY) == 361


def test_history_tells_what_a_lane_did(
    book: ledger.Ledger,
    submit: Submit,
    redis: redis_py.Redis,
    let_pass: Pass,
) -> None:
    """Submits, ends, and how long those that started had waited."""
    tend(book, redis)
    let_pass(10_000)
    waits = submit()
    redis.hset(keys.job_key(waits.id), "sent", clock(redis) - 4000)
    submit()
    submit()
    leases = book.claim(PREDICTIONS, limit=2, worker="w").leases
    book.complete(PREDICTIONS, [Completion(lease=leases[0], output=b"{}")])
    tend(book, redis)

    (point,) = Lanes(redis).history(PREDICTIONS, 60)["points"]

    assert (point["waiting"], point["running"]) == (1, 1)
    assert point["arrivals_per_s"] == pytest.approx(0.3, abs=0.02)
    assert point["jobs_per_s"] == pytest.approx(0.1, abs=0.02)
    assert 2.0 <= point["mean_wait_s"] < 30
    assert 0.0 <= point["oldest_age_s"] < 30


def test_history_tells_the_time_that_its_points_have(redis: redis_py.Redis) -> None:
    """Who draws it may have another clock; a lane without history has no points."""
    told = Lanes(redis).history(PREDICTIONS, 60)

    assert told["points"] == []
    assert told["lane"] == PREDICTIONS
    assert told["time"] <= Lanes(redis).history(PREDICTIONS, 60)["time"]

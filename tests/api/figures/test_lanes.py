"""What is told of lanes."""

from collections.abc import Sequence

import redis as redis_py

from tests.api.conftest import Client, Finish, Headers, Submit
from tests.api.figures.conftest import Figures, Scrape
from worker import pauses
from worker.keys import PREDICTIONS, WEBHOOKS
from worker.ledger import Ledger

LANE = {"lane": PREDICTIONS}


def of(told: Figures, name: str, **labels: str) -> float:
    """Return the value of a series."""
    (found,) = [value for found, value in told[name] if found == labels]
    return found


def gauges(told: Figures, *names: str) -> Sequence[float]:
    """Return the values of gauges of lane `predictions`."""
    return [of(told, f"kerbside_{name}", **LANE) for name in names]


def test_what_is_open_is_told_even_of_a_paused_lane(
    scrape: Scrape, submit: Submit, book: Ledger, redis: redis_py.Redis
) -> None:
    """Operators are told the truth, whatever an autoscaler is told."""
    for _ in range(3):
        submit()
    book.claim(PREDICTIONS, limit=1, worker="w")
    pauses.begin(redis, PREDICTIONS)

    told = scrape()

    assert gauges(told, "jobs_waiting", "jobs_running", "workers", "lane_paused") == [
        2,
        1,
        1,
        1,
    ]
    assert of(told, "kerbside_jobs_oldest_age_seconds", **LANE) > 0
    assert of(told, "kerbside_jobs_submitted_total", **LANE) == 3


def test_what_is_set_aside_is_told(scrape: Scrape, redis: redis_py.Redis) -> None:
    """Dead letters, and deliveries that are tried again or not let in yet."""
    redis.zadd(f"kerbside:dead:{PREDICTIONS}", {"one": 1, "two": 2})
    redis.zadd(f"kerbside:scheduled:{WEBHOOKS}", {"one": 1})
    redis.mset({f"kerbside:number:{WEBHOOKS}": 9, f"kerbside:done:{WEBHOOKS}": 5})

    told = scrape()

    assert gauges(told, "jobs_dead", "jobs_scheduled", "jobs_parked") == [2, 0, 0]
    assert of(told, "kerbside_jobs_scheduled", lane=WEBHOOKS) == 1
    assert of(told, "kerbside_jobs_parked", lane=WEBHOOKS) == 3


def test_messages_of_nobody_are_counted(
    scrape: Scrape, book: Ledger, redis: redis_py.Redis
) -> None:
    """Each of them, though only the newest are kept."""
    for number in range(1200):
        redis.lpush(PREDICTIONS, f"message {number}")
    while book.claim(PREDICTIONS, limit=100, worker="w").strays:
        pass

    told = scrape()

    assert of(told, "kerbside_strays_total", **LANE) == 1200
    assert redis.llen(f"kerbside:strays:{PREDICTIONS}") == 1000


def test_ends_are_counted_by_state_and_detail(
    scrape: Scrape, client: Client, caller: Headers, submit: Submit, finish: Finish
) -> None:
    """As a poll shows them; each once, in whatever batch."""
    for _ in range(3):
        submit()
    finish()
    submit()
    job = submit().json["id"]
    client.post(f"/v1/predictions/{job}/cancel", headers=caller)

    told = scrape()

    name = "kerbside_jobs_ended_total"
    assert of(told, name, **LANE, state="succeeded", detail="") == 3
    assert of(told, name, **LANE, state="canceled", detail="by_client") == 1


def test_refusals_are_counted_by_their_reason(
    scrape: Scrape, submit: Submit, redis: redis_py.Redis
) -> None:
    """Those that did not happen yet too: a first one shows as one more."""
    before = scrape()
    redis.set("kerbside:memory_full", "memory", ex=60)
    assert submit().status_code == 503

    told = scrape()

    name = "kerbside_admission_refusals_total"
    assert {one["reason"] for one, _ in before[name]} == {
        *("evicting", "full", "memory", "quota", "rate", "slow", "unknown")
    }
    assert of(before, name, **LANE, reason="memory") == 0
    assert of(told, name, **LANE, reason="memory") == 1

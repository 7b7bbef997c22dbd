"""What is told of Redis, the upkeep and receivers."""

import pytest
import redis as redis_py

from tests.api.figures.conftest import Scrape
from worker import keys, upkeep
from worker.keys import WEBHOOKS
from worker.ledger import Ledger
from worker.metrics import Metrics


def test_upkeep_is_there_while_it_ticks(
    scrape: Scrape, book: Ledger, metrics: Metrics
) -> None:
    """Who stands in for it does not count as its being there."""
    upkeep.tend(book, metrics, stands_in=True)
    assert scrape()["kerbside_upkeep_present"] == [({}, 0)]
    upkeep.tend(book, metrics)
    assert scrape()["kerbside_upkeep_present"] == [({}, 1)]


def test_memory_is_told_as_upkeep_saw_it(
    scrape: Scrape, book: Ledger, metrics: Metrics, redis: redis_py.Redis
) -> None:
    """On a full server above all; where nobody looks nothing is told."""
    assert "kerbside_redis_memory_used_bytes" not in scrape()
    redis.config_set("maxmemory", 1)
    try:
        upkeep.tend(book, metrics)
    finally:
        redis.config_set("maxmemory", 0)

    told = scrape()

    assert told["kerbside_redis_memory_max_bytes"] == [({}, 1)]
    ((_, used),) = told["kerbside_redis_memory_used_bytes"]
    assert used > 1


@pytest.mark.parametrize("reason", ["memory", "evicting"])
def test_a_closed_admission_is_told_with_its_reason(
    scrape: Scrape, redis: redis_py.Redis, reason: str
) -> None:
    """And nothing while jobs are taken."""
    assert "kerbside_admission_closed" not in scrape()
    redis.set("kerbside:memory_full", reason, ex=60)
    assert scrape()["kerbside_admission_closed"] == [({"reason": reason}, 1)]


def test_receivers_that_are_left_alone_are_counted(
    scrape: Scrape, redis: redis_py.Redis
) -> None:
    """Until their pause is over."""
    now = redis.time()[0] * 1000
    pauses = {"one": now + 60_000, "two": now + 60_000, "over": now - 60_000}
    redis.zadd(f"kerbside:cooling:{WEBHOOKS}", pauses)
    assert scrape()["kerbside_webhook_receivers_paused"] == [({}, 2)]


def test_what_waits_for_the_archive_is_told(
    scrape: Scrape, redis: redis_py.Redis
) -> None:
    """How much, and for how long; nothing where nobody ever archived."""
    assert "kerbside_archive_waiting" not in scrape()
    redis.xgroup_create(keys.FEED, keys.ARCHIVISTS, id="0", mkstream=True)
    assert scrape()["kerbside_archive_waiting"] == [({}, 0)]
    assert scrape()["kerbside_archive_oldest_age_seconds"] == [({}, 0)]
    a_minute_ago = (redis.time()[0] - 60) * 1000
    for number in range(2):
        redis.xadd(keys.FEED, {"job": "x"}, id=f"{a_minute_ago}-{number + 1}")

    told = scrape()

    assert told["kerbside_archive_waiting"] == [({}, 2)]
    ((_, oldest_s),) = told["kerbside_archive_oldest_age_seconds"]
    assert oldest_s >= 60

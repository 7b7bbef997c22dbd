"""Counts of priced houses, in the buckets of a real server."""

import pytest
import redis as redis_py

from tests.clock import Clock
from worker import keys
from worker.seen import Seen, SeenHouses
from worker.settings import WorkerSettings

#: A midnight, UTC, in seconds since the epoch.
MIDNIGHT = 1_700_006_400
DAY = 86_400


@pytest.fixture
def seen(redis_url: str, settings: WorkerSettings, clock: Clock) -> SeenHouses:
    """Return the counts in the test's Redis, on a clock that stands at a midnight."""
    clock.seconds = MIDNIGHT
    client = redis_py.Redis.from_url(settings.redis_url)
    return SeenHouses(client, settings, clock=clock)


def test_counts_of_many_workers_add_up(seen: SeenHouses, clock: Clock) -> None:
    """Each place by itself, and those behind the last one hold nothing."""
    for _ in range(3):
        seen.add("v1", {0: 100, 7: 40, 300: 1})
        clock.seconds += 3600
    found = seen.window("v1", "1d")

    assert [one.houses for one in found.buckets] == [100, 100, 100]
    assert [one.begin for one in found.buckets] == [
        MIDNIGHT + 3600 * hour for hour in range(3)
    ]
    counts = found.counts(310)
    assert (counts[0], counts[7], counts[300], counts[309]) == (300, 120, 3, 0)
    assert sum(counts) == 423


def test_versions_are_counted_apart_and_the_newest_are_known(
    seen: SeenHouses, clock: Clock, redis: redis_py.Redis
) -> None:
    """However many there are: twenty."""
    for number in range(25):
        seen.add(f"v{number}", {0: number + 1})
        clock.seconds += 1

    assert seen.window("v3", "7d").houses == 4
    assert seen.versions() == [f"v{number}" for number in range(24, 4, -1)]
    assert redis.zcard(keys.SEEN) == 20
    clock.seconds += 31 * DAY
    assert seen.versions() == []


@pytest.mark.parametrize(
    ("window", "covered"), [("1d", DAY), ("7d", 7 * DAY), ("30d", 30 * DAY)]
)
def test_a_window_ends_with_what_is_older(
    seen: SeenHouses, clock: Clock, window: str, covered: int
) -> None:
    """To the hour or the day."""
    seen.add("v1", {0: 5})
    clock.seconds += covered - 1
    assert seen.window("v1", window).houses == 5  # type: ignore[arg-type] # a parameter of the test
    clock.seconds += 1
    assert seen.window("v1", window).houses == 0  # type: ignore[arg-type] # the same


def _of_newest(seen: SeenHouses) -> tuple[int, int]:
    found: Seen = seen.window("v1", "recent")
    return found.houses, found.step_s


def test_recent_houses_are_found_by_the_minute_where_there_are_many(
    seen: SeenHouses, clock: Clock
) -> None:
    """What came before the newest two hundred is left out."""
    for _ in range(5):
        seen.add("v1", {0: 150})
        clock.seconds += 60

    assert _of_newest(seen) == (300, 60)


@pytest.mark.parametrize(("pause", "step"), [(3600, 3600), (DAY, DAY)])
def test_recent_houses_are_found_days_ago_where_there_are_few(
    seen: SeenHouses, clock: Clock, pause: int, step: int
) -> None:
    """Two hundred if there are as many in a month."""
    for _ in range(20):
        seen.add("v1", {0: 30})
        clock.seconds += pause

    assert _of_newest(seen) == (210, step)


def test_all_that_there_are_count_as_recent(seen: SeenHouses) -> None:
    """Three houses are three, and none are none."""
    assert _of_newest(seen) == (0, DAY)
    seen.add("v1", {0: 3})
    assert _of_newest(seen) == (3, DAY)


def test_every_key_ends_by_itself(seen: SeenHouses, redis: redis_py.Redis) -> None:
    """Counts are bounded in number and in time."""
    seen.add("v1", {0: 1, 275: 1})
    ttl = {
        key.decode().rpartition(":")[2][0]: redis.ttl(key)
        for key in redis.scan_iter(f"{keys.SEEN}:*")
    }

    assert ttl == {"m": 7200, "h": 49 * 3600, "d": 32 * DAY}
    assert 0 < redis.ttl(keys.SEEN) <= 32 * DAY


def test_counts_of_a_wide_table_go_in_one_call(seen: SeenHouses) -> None:
    """More places than Lua hands over in one command."""
    seen.add("v1", dict.fromkeys(range(6000), 2))

    assert seen.window("v1", "1d").counts(6000) == [2] * 6000


def test_redis_s_own_clock_counts_where_none_is_given(
    redis: redis_py.Redis, settings: WorkerSettings
) -> None:
    """A worker whose clock is wrong counts when it did."""
    seen = SeenHouses(redis, settings)
    seen.add("v1", {0: 1})
    (bucket,) = seen.window("v1", "1d").buckets
    seconds, _ = redis.time()

    assert 0 <= seconds - bucket.begin <= 3600 + 60

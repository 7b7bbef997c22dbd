"""What is said of workers, lanes and upkeep."""

import re

import redis as redis_py

from api.commands.checkup import lanes
from api.commands.checkup.finding import Status, Target
from tests.api.commands.checkup.conftest import only, statuses
from tests.worker.conftest import submission
from worker import pauses, upkeep
from worker.keys import LANES, PREDICTIONS, WEBHOOKS, job_key
from worker.ledger import Ledger
from worker.metrics import Metrics
from worker.queue import Queue

WORKERS, LANE = f"workers {PREDICTIONS}", f"lane {PREDICTIONS}"
DEAD = f"dead letters {PREDICTIONS}"
DELIVERING = f"workers {WEBHOOKS}"


def test_lanes_without_workers_and_upkeep_are_told(target: Target) -> None:
    """Houses are taken and never priced."""
    found = statuses(lanes.check(target))

    wrong = {one for one, status in found.items() if status is Status.FAILED}
    assert wrong == {WORKERS, "upkeep"}
    assert found[LANE] is found[DEAD] is Status.OK


def test_nobody_who_delivers_is_a_fault_once_something_is_to_be_delivered(
    target: Target, redis: redis_py.Redis
) -> None:
    """An installation without webhooks can do without."""
    before = only(lanes.check(target), DELIVERING)
    redis.zadd(f"kerbside:waiting:{WEBHOOKS}", {"one": 1})

    after = only(lanes.check(target), DELIVERING)

    assert (before.status, after.status) == (Status.WARNING, Status.FAILED)


def test_lanes_that_are_worked_and_tended_are_fine(
    target: Target, book: Ledger, metrics: Metrics
) -> None:
    """An idle worker asks for work each second, and so it is seen."""
    for lane in LANES:
        book.claim(lane, limit=1, worker="w")
    upkeep.tend(book, metrics)

    assert set(statuses(lanes.check(target)).values()) == {Status.OK}


def test_a_paused_lane_is_told(
    target: Target, book: Ledger, redis: redis_py.Redis
) -> None:
    """Somebody did it; the remedy says how it is undone."""
    pauses.begin(redis, PREDICTIONS, by="cli:ann", reason="new disk")

    found = only(lanes.check(target), LANE)

    assert found.status is Status.WARNING
    assert re.match(
        r"paused since \S+ by cli:ann because of new disk: .* 0 wait", found.found
    )
    assert found.remedy == "`kerbside lanes resume predictions`."


def test_a_pause_that_was_set_by_hand_is_told(
    target: Target, redis: redis_py.Redis
) -> None:
    """All that is known of it is that it is there."""
    redis.set(f"kerbside:paused:{PREDICTIONS}", "1")

    found = only(lanes.check(target), LANE)

    assert found.found.startswith("paused: ")


def test_a_lane_whose_jobs_wait_long_is_told(
    target: Target, front_desk: Queue, redis: redis_py.Redis
) -> None:
    """The age of the next job says more than the number of all."""
    job = front_desk.submit(submission()).job
    redis.hset(job_key(job.id), "created", job.created_ms - 100_000)

    found = only(lanes.check(target), LANE)

    assert found.status is Status.WARNING
    assert "1 wait, 0 run" in found.found


def test_dead_letters_are_told(target: Target, redis: redis_py.Redis) -> None:
    """Nobody else looks after them."""
    redis.zadd(f"kerbside:dead:{PREDICTIONS}", {"one": 1, "two": 2})

    found = only(lanes.check(target), DEAD)

    assert (found.status, found.found) == (Status.WARNING, "2 jobs")
    assert "`kerbside dead-letters list --by-cause`" in found.remedy

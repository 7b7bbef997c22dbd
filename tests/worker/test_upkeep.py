"""Who tends the ledger, on a real server."""

from collections.abc import Callable

import pytest
import redis as redis_py

from tests.clock import Clock
from tests.patience import wait_until
from worker import connection, health, ledger, upkeep
from worker.jobs import Job
from worker.keys import LANES, PREDICTIONS
from worker.metrics import Metrics
from worker.settings import WorkerSettings

Submit = Callable[..., Job]

UPKEEP = f"kerbside:upkeep:{PREDICTIONS}"


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def stand_in(book: ledger.Ledger, clock: Clock, metrics: Metrics) -> upkeep.StandIn:
    """Return who stands in for the upkeep."""
    return upkeep.StandIn(book, metrics, clock=clock)


def test_while_upkeep_ticks_nobody_stands_in(
    stand_in: upkeep.StandIn,
    book: ledger.Ledger,
    redis: redis_py.Redis,
    submit: Submit,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    metrics: Metrics,
) -> None:
    """What waits to be tended is left to it."""
    upkeep.tend(book, metrics)
    submit()
    redis.delete(PREDICTIONS)
    for _ in range(20):
        clock.seconds += 1
        stand_in.look()
    assert redis.llen(PREDICTIONS) == 0
    assert caplog.text == ""


def test_a_worker_stands_in_for_an_upkeep_that_is_missing(
    stand_in: upkeep.StandIn,
    book: ledger.Ledger,
    redis: redis_py.Redis,
    submit: Submit,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    metrics: Metrics,
) -> None:
    """After some seconds, as at a start; it says so once, and that it ends."""
    submit()
    redis.delete(PREDICTIONS)
    stand_in.look()
    clock.seconds += 4.9
    stand_in.look()
    assert redis.llen(PREDICTIONS) == 0
    for _ in range(3):
        clock.seconds += 1
        stand_in.look()
    assert redis.llen(PREDICTIONS) == 1
    assert caplog.text.count("upkeep_missing") == 1
    assert "upkeep_back" not in caplog.text

    upkeep.tend(book, metrics)
    stand_in.look()
    assert caplog.text.count("upkeep_back") == 1


def test_what_upkeep_did_is_told_to_prometheus(
    book: ledger.Ledger, redis: redis_py.Redis, submit: Submit, metrics: Metrics
) -> None:
    """By lane and by what was done."""
    submit()
    redis.delete(PREDICTIONS)
    upkeep.tend(book, metrics)
    told = metrics.registry.get_sample_value
    name = "kerbside_jobs_tended_total"
    assert told(name, {"lane": PREDICTIONS, "action": "resent"}) == 1
    assert told(name, {"lane": PREDICTIONS, "action": "retried"}) == 0


def test_who_stands_in_is_not_taken_for_the_upkeep(
    book: ledger.Ledger, redis: redis_py.Redis, metrics: Metrics
) -> None:
    """Or the stand-ins would take each other for it and stop."""
    upkeep.tend(book, metrics, stands_in=True)
    assert not book.is_tended()
    redis.set(f"kerbside:tick:{PREDICTIONS}", 0)
    upkeep.tend(book, metrics)
    assert book.is_tended()
    assert 0 < redis.ttl(UPKEEP) <= 5


def test_an_upkeep_that_comes_second_is_there_all_the_same(book: ledger.Ledger) -> None:
    """Many stand-ins leave it no moment of its own."""
    for lane in LANES:
        assert book.reap(lane, stands_in=True) is not None
        assert book.reap(lane) is None
    assert book.is_tended()


def test_a_full_server_knows_its_upkeep(
    book: ledger.Ledger, redis: redis_py.Redis, metrics: Metrics
) -> None:
    """It is missing for no worker, and operators are told of the memory."""
    redis.set(f"kerbside:capacity:{PREDICTIONS}", "100 1")
    redis.config_set("maxmemory", 1)
    try:
        upkeep.tend(book, metrics)
        assert book.is_tended()
        assert redis.get("kerbside:memory_full") == b"memory"
        assert redis.exists("kerbside:memory")
    finally:
        redis.config_set("maxmemory", 0)


def test_an_outage_is_left_to_others(
    settings: WorkerSettings,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    metrics: Metrics,
) -> None:
    """No upkeep can be seen while Redis is away; a fault that stays is told."""
    client = connection.connect("redis://127.0.0.1:1/0", role="api")
    away = upkeep.StandIn(ledger.Ledger(client, settings), metrics, clock=clock)
    for _ in range(3):
        clock.seconds += 10
        away.look()
    assert caplog.text == ""


def test_a_fault_that_stays_is_told(
    stand_in: upkeep.StandIn,
    redis: redis_py.Redis,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody else meets it."""
    redis.set(f"kerbside:samples:{PREDICTIONS}", "no list")
    for _ in range(2):
        stand_in.look()
        clock.seconds += 10
    assert 'lanes_not_tended error="ResponseError: WRONGTYPE' in caplog.text


def test_the_watchdog_outlives_a_bug_and_looks_each_second(
    book: ledger.Ledger,
    settings: WorkerSettings,
    redis: redis_py.Redis,
    submit: Submit,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    metrics: Metrics,
) -> None:
    """A worker of any lane tends the ledger in its thread."""
    monkeypatch.setattr(health, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(upkeep, "_PATIENCE_S", 0.0)
    sound, calls = book.is_tended, []

    def fails_once() -> bool:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError
        return sound()

    monkeypatch.setattr(book, "is_tended", fails_once)
    submit()
    redis.delete(PREDICTIONS)
    dog = health.Watchdog(book, settings, metrics, lane=PREDICTIONS, worker="w")
    dog.start()
    try:
        wait_until(lambda: redis.llen(PREDICTIONS) == 1)
    finally:
        dog.stop()
    assert "watchdog_failed" in caplog.text

"""Laws of a Redis that could lose what it was given, on a real one set so."""

import logging
from collections.abc import Callable, Iterator

import pytest
import redis as redis_py

from tests.worker.conftest import submission
from worker import ledger, queue
from worker.durability import faults_of
from worker.errors import RedisEvicts
from worker.jobs import Job


@pytest.fixture
def configure(redis: redis_py.Redis) -> Iterator[Callable[[str, str], None]]:
    """Return a function that changes a setting of the server for one test."""
    before: dict[str, str] = {}

    def configure(name: str, value: str) -> None:
        before.setdefault(name, str(redis.config_get(name)[name]))
        redis.config_set(name, value)

    yield configure
    for name, value in before.items():
        redis.config_set(name, value)


def test_a_server_that_evicts_gets_no_new_jobs(
    book: ledger.Ledger,
    front_desk: queue.Queue,
    configure: Callable[[str, str], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The refusal says why, the log says so once, and both end with the fault."""
    configure("maxmemory", "1gb")
    configure("maxmemory-policy", "allkeys-lru")
    assert book.watch_memory()
    assert book.watch_memory()
    with pytest.raises(RedisEvicts, match="noeviction"):
        front_desk.submit(submission())
    critical = [one for one in caplog.records if one.levelno == logging.CRITICAL]
    assert ["allkeys-lru" in one.getMessage() for one in critical] == [True]

    configure("maxmemory-policy", "noeviction")
    assert not book.watch_memory()
    front_desk.submit(submission())
    assert "redis_mended" in caplog.text


def test_a_server_without_a_bound_evicts_nothing(
    book: ledger.Ledger,
    submit: Callable[..., Job],
    configure: Callable[[str, str], None],
) -> None:
    """A policy without maxmemory never comes to act."""
    configure("maxmemory", "0")
    configure("maxmemory-policy", "allkeys-lru")
    assert not book.watch_memory()
    submit()


def test_a_server_without_a_log_is_warned_of_once(
    book: ledger.Ledger,
    submit: Callable[..., Job],
    configure: Callable[[str, str], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It still works: some accept to lose jobs at a restart."""
    configure("appendonly", "no")
    for _ in range(3):
        assert not book.watch_memory()
    assert caplog.text.count("append-only") == 1
    submit()


def test_faults_are_told_before_anything_runs(
    redis: redis_py.Redis, configure: Callable[[str, str], None]
) -> None:
    """Each in a sentence that names the setting; a sound server has none."""
    configure("appendonly", "yes")
    assert faults_of(redis) == []
    configure("appendonly", "no")
    configure("maxmemory", "1gb")
    configure("maxmemory-policy", "volatile-ttl")
    evicts, no_log = faults_of(redis)
    assert "volatile-ttl" in evicts
    assert "appendonly" in no_log

"""Fixtures of the queue's tests."""

import datetime as dt
import itertools
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
import redis as redis_py
from celery import signals

from tests.clock import Clock
from tests.worker.drift_replay import Install, Market, Replay, fitted_before
from worker import inspection, lane_consumer, ledger, queue
from worker.jobs import Job, State, Submission
from worker.keys import PREDICTIONS
from worker.lane_consumer import LaneConsumer
from worker.leases import Tick
from worker.settings import WorkerSettings

#: Model version that the made-up jobs ask for.
VERSION = "20150527-0000abcd"

_Step = TypeVar("_Step", bound=LaneConsumer)


class Started(Protocol):
    """Starts a step of a worker."""

    def __call__(self, step: _Step, /) -> _Step:
        """Return it, started."""


def submission(**changes: object) -> Submission:
    """Return a submission of tenant `acme` with a fresh id."""
    house = next(_houses)
    fields: dict[str, object] = {
        "id": str(uuid.uuid4()),
        "tenant": "acme",
        "model": "king-county",
        "version": VERSION,
        "input": b'{"house":%d}' % house,
    }
    return Submission(**(fields | changes))  # type: ignore[arg-type] # a test's own keywords


_houses = itertools.count(1)


def claimed(book: ledger.Ledger, *, limit: int = 10, worker: str = "w") -> list[str]:
    """Claim and return the ids."""
    return [
        one.id for one in book.claim(PREDICTIONS, limit=limit, worker=worker).leases
    ]


def clock(redis: redis_py.Redis) -> int:
    """Return Redis's time in milliseconds."""
    seconds, micros = redis.time()
    return int(seconds * 1000 + micros // 1000)


def tend(
    book: ledger.Ledger, redis: redis_py.Redis, *, last_ms: int | None = None
) -> Tick:
    """Run one tick of the reaper as if the last one was a second ago, or then."""
    last_ms = clock(redis) - 1000 if last_ms is None else last_ms
    redis.set(f"kerbside:tick:{PREDICTIONS}", last_ms)
    tick = book.reap(PREDICTIONS)
    assert tick is not None
    return tick


def lose_worker(book: ledger.Ledger, redis: redis_py.Redis, *ids: str) -> None:
    """Let the leases of jobs end, as after the death of their worker."""
    book.reap(PREDICTIONS)  # a tick just before, so that the gap rule stays out of it
    redis.zadd(f"kerbside:running:{PREDICTIONS}", dict.fromkeys(ids, 1))
    tend(book, redis)


@pytest.fixture
def submit(front_desk: queue.Queue) -> Callable[..., Job]:
    """Return a function that submits a made-up house and returns its job."""

    def submit(**changes: object) -> Job:
        return front_desk.submit(submission(**changes)).job

    return submit


@pytest.fixture
def state(front_desk: queue.Queue) -> Callable[[str], State]:
    """Return a function that reads the state of a job."""
    return lambda job_id: front_desk.find("acme", job_id).state


@pytest.fixture(scope="session")
def winter() -> Market:
    """Return the shipped sales, and a model of all those before March."""
    return fitted_before(dt.date(2015, 3, 1))


@pytest.fixture
def installed(
    made: dict[str, bytes],
    redis: redis_py.Redis,
    settings: WorkerSettings,
    clock: Clock,
    tmp_path: Path,
) -> Install:
    """Return a function that serves a market where nothing was priced yet."""

    def install(market: Market) -> Replay:
        return Replay(market, made, redis, settings, clock, tmp_path / "served")

    return install


@pytest.fixture
def replay(installed: Install, winter: Market) -> Replay:
    """Return an installation that serves the model of winter."""
    return installed(winter)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """Return what starts a step that consumes a lane, as a Celery worker would.

    It waits for nothing for long, and is stopped in the end.
    """
    monkeypatch.setattr(lane_consumer, "_PAUSE_S", 0.02)
    monkeypatch.setattr(inspection, "show_lane", lambda _: None)
    monkeypatch.setattr(signals.worker_shutting_down, "receivers", [])
    running: list[LaneConsumer] = []

    def start(step: _Step) -> _Step:
        step.start()
        running.append(step)
        return step

    yield start
    for step in running:
        step.stop()

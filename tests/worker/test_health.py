"""What counts as a stall."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis as redis_py

from tests.worker.conftest import submission
from worker import connection, health, ledger, pauses, queue
from worker.keys import PREDICTIONS
from worker.metrics import Metrics
from worker.settings import WorkerSettings

Watch = Callable[..., health.Watchdog]


@pytest.fixture
def watch(
    book: ledger.Ledger, settings: WorkerSettings, tmp_path: Path, metrics: Metrics
) -> Watch:
    """Return a function that makes a watchdog without patience."""

    def watch(**changes: object) -> health.Watchdog:
        impatient = {"stall_s": 1e-9, "health_dir": tmp_path / "health"}
        return health.Watchdog(
            book,
            settings.model_copy(update=impatient | changes),
            metrics,
            lane=PREDICTIONS,
            worker="w@host",
        )

    return watch


def test_waiting_work_without_progress_is_a_stall(
    watch: Watch, front_desk: queue.Queue
) -> None:
    """Nothing else explains why the work waits."""
    front_desk.submit(submission())
    assert watch().is_stalled()


def test_an_empty_lane_is_no_stall(watch: Watch) -> None:
    """There is nothing to claim."""
    assert not watch().is_stalled()


def test_a_paused_lane_is_no_stall(
    watch: Watch, front_desk: queue.Queue, book: ledger.Ledger, redis: redis_py.Redis
) -> None:
    """An operator holds the work back."""
    front_desk.submit(submission())
    pauses.begin(redis, PREDICTIONS)
    assert not watch().is_stalled()


def test_recent_progress_is_no_stall(watch: Watch, front_desk: queue.Queue) -> None:
    """A touch starts the time anew."""
    front_desk.submit(submission())
    dog = watch(stall_s=60.0)
    dog.touch()
    assert not dog.is_stalled()


def test_an_outage_of_redis_is_no_stall(
    settings: WorkerSettings, metrics: Metrics
) -> None:
    """A worker that cannot ask does not blame itself."""
    away = settings.model_copy(
        update={"redis_url": "redis://127.0.0.1:1/0", "stall_s": 1e-9}
    )
    client = connection.connect(away.redis_url, role="api")
    dog = health.Watchdog(
        ledger.Ledger(client, away), away, metrics, lane=PREDICTIONS, worker="w"
    )
    assert not dog.is_stalled()


def test_a_redis_that_refuses_to_tell_excuses_nobody(
    watch: Watch, redis: redis_py.Redis
) -> None:
    """It answers, and what it says does not pass by itself."""
    redis.set(PREDICTIONS, "no list")
    assert watch().is_stalled()


def test_only_a_new_process_ends_what_hangs(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The supervisor knows the exit status, the operator the reason."""
    monkeypatch.setattr(os, "_exit", sys.exit)
    with pytest.raises(SystemExit) as ended:
        watch().end_process("because")
    assert ended.value.code == health.EXIT_STALLED
    assert "because" in caplog.text


def test_the_health_file_is_touched_by_progress_and_removed_at_the_end(
    watch: Watch, tmp_path: Path
) -> None:
    """A probe can read progress from a file's age."""
    dog = watch()
    file = tmp_path / "health" / "w@host.alive"
    assert not file.exists()
    dog.touch()
    assert file.exists()
    dog.stop()
    assert not file.exists()

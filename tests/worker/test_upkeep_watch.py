"""What counts as progress of the worker that tends the ledger."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery import signals

from worker import health
from worker.celery import PRICE, REAP, KerbsideCelery, create_celery
from worker.keys import PREDICTIONS, UPKEEP
from worker.settings import WorkerSettings
from worker.upkeep_watch import UpkeepWatch

#: A moment long ago, as a file's time.
LONG_AGO = (1_000_000_000, 1_000_000_000)


@pytest.fixture
def app(
    settings: WorkerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KerbsideCelery]:
    """Return an application whose workers touch health files, as often as they may."""
    monkeypatch.setattr(health, "_LOOK_EVERY_S", 0.0)
    app = create_celery(settings.model_copy(update={"health_dir": tmp_path}))
    yield app
    app.close()


def _parent(app: KerbsideCelery, lane: str = UPKEEP, **more: object) -> SimpleNamespace:
    app.amqp.queues.select([lane])
    return SimpleNamespace(**{"app": app, "hostname": "u@host", "beat": None} | more)


@pytest.fixture
def file(
    app: KerbsideCelery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Return the health file of a worker that began long ago and does not look."""
    monkeypatch.setattr(health.Watchdog, "look", lambda _: None)
    watch = UpkeepWatch(_parent(app))
    watch.start()
    file = tmp_path / "u@host.alive"
    os.utime(file, LONG_AGO)
    yield file
    watch.stop()
    assert not file.exists()


def _is_old(file: Path) -> bool:
    return file.stat().st_mtime == LONG_AGO[1]


def test_a_tick_that_has_tended_the_ledger_is_progress(
    app: KerbsideCelery, file: Path
) -> None:
    """A probe can read it from a file's age."""
    app.loader.import_default_modules()
    app.tasks[REAP].apply(throw=True)

    assert not _is_old(file)


def test_nothing_else_is_progress(
    app: KerbsideCelery, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick that failed, another task: the ledger is not tended."""
    app.loader.import_default_modules()
    monkeypatch.setattr("worker.upkeep.tend", lambda _: 1 / 0)
    app.tasks[REAP].apply()
    signals.task_success.send(sender=app.tasks[PRICE], result=None)

    assert _is_old(file)


def test_a_worker_of_another_lane_is_not_watched_here(app: KerbsideCelery) -> None:
    """It has its own progress."""
    assert not UpkeepWatch(_parent(app, PREDICTIONS)).enabled


def test_a_worker_ends_with_the_clock_that_runs_within_it(
    app: KerbsideCelery,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody else would start it again."""
    monkeypatch.setattr(os, "_exit", sys.exit)
    ended = SimpleNamespace(is_alive=lambda: False)
    watch = UpkeepWatch(_parent(app, beat=ended))

    with pytest.raises(SystemExit) as end:
        watch.watchdog.look()

    assert end.value.code == health.EXIT_STALLED
    assert "clock" in caplog.text

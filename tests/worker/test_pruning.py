"""The upkeep takes out of the archive what is too old."""

import threading
from datetime import date

import pytest

from model_store.archive.archive import Archive
from model_store.archive.retention import Retention
from tests.model_store.archive.rows import prediction
from tests.patience import wait_until
from worker.pruning import Pruner
from worker.settings import WorkerSettings


def _settings(archive: Archive) -> WorkerSettings:
    return WorkerSettings(archive_url=f"sqlite:///{archive.database.file}")


def test_what_is_too_old_goes_and_the_rest_stays(archive: Archive) -> None:
    """By the days that the settings say."""
    day_ms = 86_400_000
    rows = [prediction(day, created_ms=day * day_ms) for day in range(1, 4)]
    archive.predictions.upsert(rows)
    last = date(1970, 1, 3).toordinal() + 400

    Pruner(_settings(archive), today=lambda: date.fromordinal(last)).prune()

    assert archive.predictions.page("acme", limit=9) == rows[:0:-1]


def test_an_outage_is_told_and_waited_for(
    archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    """The thread goes on, and prunes when the archive is back."""
    archive.predictions.upsert([prediction()])
    archive.close()
    file = archive.database.file
    assert file
    away = file.rename(file.with_name("away"))
    pruner = Pruner(_settings(archive), every_s=0.01)
    thread = threading.Thread(target=pruner.run)
    thread.start()
    try:
        wait_until(lambda: "archive_not_pruned" in caplog.text)
        away.replace(file)
        wait_until(lambda: not archive.predictions.page("acme", limit=1))
    finally:
        pruner.stopping.set()
        thread.join()


def test_pruning_outlives_any_bug(
    archive: Archive,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is told, and the next hour comes."""
    pruner, tried = Pruner(_settings(archive), every_s=0), []

    def fail(*_: object, **__: object) -> None:
        tried.append(1)
        if len(tried) > 1:
            pruner.stopping.set()
        raise ZeroDivisionError

    monkeypatch.setattr(Retention, "prune", fail)
    pruner.run()

    assert len(tried) == 2
    assert "pruning_failed" in caplog.text


def test_an_installation_without_an_archive_has_nothing_to_prune(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And nothing fails."""
    Pruner(WorkerSettings()).prune()

    assert caplog.records == []

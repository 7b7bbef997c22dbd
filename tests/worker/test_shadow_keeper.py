"""What challengers said comes into the archive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from model_store.archive.archive import Archive
from model_store.errors import ArchiveError
from tests.model_store.archive.rows import shadows
from worker import shadow_keeper
from worker.metrics import Metrics
from worker.shadow_keeper import keep
from worker.shadow_totals import ShadowTotals


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Return an archive with its tables."""
    archive = Archive(f"sqlite:///{tmp_path / 'archive.db'}")
    archive.migrate()
    yield archive
    archive.close()


@pytest.fixture
def totals(redis: redis_py.Redis) -> ShadowTotals:
    """Return the totals of the test's Redis, with three prices that wait."""
    totals = ShadowTotals(redis)
    totals.add([row(number) for number in range(3)], cpu_s=0)
    return totals


def row(number: int) -> dict[str, Any]:
    """Return what a challenger said of a house."""
    return {
        "prediction_id": str(number),
        "version": "new",
        "made_ms": number,
        "price": 510_000,
        "low": 400_000,
        "high": 600_000,
        "level": 0.9,
        "fsd": 0.1,
        "in_distribution": True,
        "served_version": "old",
        "served_price": 500_000,
    }


def test_what_waits_is_archived_once(
    totals: ShadowTotals,
    archive: Archive,
    metrics: Metrics,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some at a time; a repeat of what was cut off changes nothing."""
    monkeypatch.setattr(shadow_keeper, "AT_ONCE", 2)
    before = totals.waiting(9)

    assert [keep(totals, archive, metrics) for _ in range(3)] == [2, 1, 0]
    totals.add([row(0)], cpu_s=0)
    keep(totals, archive, metrics)

    assert len(before) == 3
    kept = [one.prediction_id for one in shadows(archive)]
    assert kept == ["0", "1", "2"]


def test_an_archive_that_is_away_loses_nothing(
    totals: ShadowTotals, metrics: Metrics, tmp_path: Path
) -> None:
    """It waits on, as much as may."""
    away = Archive(f"sqlite:///{tmp_path / 'nowhere' / 'archive.db'}")

    with pytest.raises(ArchiveError):
        keep(totals, away, metrics)

    assert len(totals.waiting(9)) == 3


def test_one_that_cannot_be_written_holds_up_no_other(
    totals: ShadowTotals,
    archive: Archive,
    metrics: Metrics,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It goes, and the log says so."""
    totals.add([row(7) | {"colour": "red"}, row(8)], cpu_s=0)

    assert keep(totals, archive, metrics) == 5

    assert "shadow_not_archived" in caplog.text
    assert totals.waiting(9) == []
    kept = [one.prediction_id for one in shadows(archive)]
    assert kept == ["0", "1", "2", "8"]

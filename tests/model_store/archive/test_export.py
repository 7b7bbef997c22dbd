"""A table leaves the archive whole, in a form that others read safely."""

import csv
import datetime as dt
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from model_store.archive import tables
from model_store.archive.archive import Archive
from model_store.archive.export import Form, export
from model_store.archive.sales import Sale
from model_store.errors import ArchiveUnavailable
from tests.model_store.archive.rows import HOUSE, prediction

FORMS: list[Form] = ["csv", "parquet"]


def _cells(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_csv_has_every_column_and_every_row(
    any_archive: Archive, tmp_path: Path
) -> None:
    """Oldest first, for its owner alone, and it is told how far it is."""
    any_archive.predictions.upsert(
        [prediction(number) for number in range(6001, 0, -1)]
    )
    told: list[tuple[int, int]] = []

    count = export(
        any_archive.database,
        "predictions",
        tmp_path / "out.csv",
        "csv",
        report=lambda done, total: told.append((done, total)),
    )

    rows = _cells(tmp_path / "out.csv")
    assert count == len(rows) == 6001
    assert told == [(5000, 6001), (6001, 6001)]
    assert list(rows[0]) == list(tables.predictions.columns.keys())
    assert (rows[0]["id"], rows[0]["input"]) == (prediction(1).id, HOUSE.decode())
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600


def test_a_cell_that_a_spreadsheet_would_run_is_text(
    archive: Archive, tmp_path: Path
) -> None:
    """Whoever named it: a tenant's labels come from outside."""
    archive.predictions.upsert([prediction(error='=HYPERLINK("http://evil")')])

    export(archive.database, "predictions", tmp_path / "out.csv", "csv")

    assert _cells(tmp_path / "out.csv")[0]["error"] == '\'=HYPERLINK("http://evil")'


def test_parquet_has_numbers_as_numbers_and_days_as_days(
    any_archive: Archive, tmp_path: Path
) -> None:
    """None where there is nothing."""
    day = dt.date(2026, 3, 1)
    sale = Sale(key="1", sold_on=day, price=5.5, house=b"{}")
    any_archive.sales.add("a", [sale])
    any_archive.predictions.upsert([prediction()])

    export(any_archive.database, "sales", tmp_path / "sales", "parquet")
    export(any_archive.database, "predictions", tmp_path / "out", "parquet")

    assert parquet.read_table(tmp_path / "sales").to_pylist() == [
        {"dataset": "a", "key": "1", "sold_on": day, "price": 5.5, "house": "{}"}
    ]
    (row,) = parquet.read_table(tmp_path / "out").to_pylist()
    assert (row["created_ms"], row["in_distribution"]) == (1000, True)
    assert row["error"] is None


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_table_is_a_file_with_its_columns(
    archive: Archive, tmp_path: Path, form: Form
) -> None:
    """Who reads it in a pipeline finds what it expects."""
    assert export(archive.database, "audit", tmp_path / "out", form) == 0

    names = (
        parquet.read_schema(tmp_path / "out").names
        if form == "parquet"
        else (tmp_path / "out").read_text().strip().split(",")
    )
    assert names == list(tables.audit.columns.keys())


def test_only_the_days_asked_for_are_written(
    any_archive: Archive, tmp_path: Path
) -> None:
    """From one day on, and before another."""
    days = [dt.date(2026, 3, day) for day in (1, 2, 3)]
    sales = [Sale(key=str(day), sold_on=day, price=1, house=b"{}") for day in days]
    any_archive.sales.add("a", sales)
    instants = [1000 * int(_midnight(day).timestamp()) for day in days]
    rows = [prediction(at, created_ms=ms) for at, ms in enumerate(instants)]
    any_archive.predictions.upsert(rows)

    for name in ("sales", "predictions"):
        count = export(
            any_archive.database,
            *(name, tmp_path / name, "csv"),
            since=days[1],
            until=days[2],
        )
        assert count == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_could_not_be_written_whole_is_not_there(
    archive: Archive, tmp_path: Path, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was there before is there still."""
    archive.predictions.upsert([prediction()])
    (tmp_path / "out").write_text("before")

    def broken(*_: Any) -> Iterator[Any]:
        yield from ()
        raise ArchiveUnavailable("gone")

    monkeypatch.setattr(archive.database, "stream", broken)
    with pytest.raises(ArchiveUnavailable, match="gone"):
        export(archive.database, "predictions", tmp_path / "out", form)

    assert (tmp_path / "out").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == ["out"]


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)

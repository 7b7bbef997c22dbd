"""Sales of a table are kept in the archive, where a retraining finds them."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from model_store import dataset
from model_store.archive.archive import Archive
from model_store.cli import cli
from model_store.retraining import gather

NAME = "king-county"


@pytest.fixture
def lines() -> list[str]:
    """Return the shipped table's head, and its first forty sales."""
    table = dataset.SHIPPED.with_name("king_county_sales.csv.gz")
    with gzip.open(table, "rt", encoding="utf-8") as file:
        return [next(file) for _ in range(41)]


@pytest.fixture
def definition(tmp_path: Path, lines: list[str]) -> Path:
    """Return a definition beside a table with thirty of them."""
    told = json.loads(dataset.SHIPPED.read_text(encoding="utf-8"))
    file = tmp_path / "market.json"
    file.write_text(json.dumps(told | {"table": "sales.csv"}), encoding="utf-8")
    (tmp_path / "sales.csv").write_text("".join(lines[:31]), encoding="utf-8")
    return file


@pytest.fixture
def month(tmp_path: Path, lines: list[str]) -> Path:
    """Return a table with the ten others."""
    file = tmp_path / "month.csv"
    file.write_text("".join([lines[0], *lines[31:]]), encoding="utf-8")
    return file


def add(
    archive: Archive, table: Path, definition: Path, command: str = "add-sales"
) -> Result:
    """Run the command, or its opposite."""
    return CliRunner().invoke(
        cli,
        [command, str(table), "--data", str(definition), "--json"],
        env={"KERBSIDE_ARCHIVE_URL": archive.database.place},
    )


def _changed(month: Path, column: str, value: str) -> None:
    """Write another cell into the last row."""
    text = month.read_text(encoding="utf-8").splitlines()
    cells = text[-1].split(",")
    cells[text[0].split(",").index(column)] = value
    month.write_text("\n".join([*text[:-1], ",".join(cells)]), encoding="utf-8")


def test_a_retraining_gathers_what_was_added(
    archive: Archive, definition: Path, month: Path
) -> None:
    """Each sale once, however often it is told."""
    told = [json.loads(add(archive, month, definition).output) for _ in range(2)]

    assert told == [{"sales": 10, "new": 10}, {"sales": 10, "new": 0}]
    found = gather.gather(definition, archive)
    assert (found.table, found.archived, found.misfits) == (30, 10, 0)
    assert len(found.sales) == 40


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [
        ("price", "much", "'much'"),
        # No retraining could learn from any of them.
        ("date", "2099-01-01", "is of 2099-01-01, which is to come"),
    ],
)
def test_of_a_table_with_a_bad_cell_nothing_is_kept(
    archive: Archive, definition: Path, month: Path, column: str, cell: str, told: str
) -> None:
    """The cell is named."""
    _changed(month, column, cell)

    done = add(archive, month, definition)

    assert done.exit_code == 1
    assert "month.csv" in done.output
    assert told in done.output
    assert archive.sales.count(NAME) == 0


def test_what_was_added_can_be_taken_out_again(
    archive: Archive, definition: Path, month: Path
) -> None:
    """And what was never added is none of it."""
    add(archive, month, definition)
    _changed(month, "price", "123456")

    told = add(archive, month, definition, "remove-sales")

    assert json.loads(told.output) == {"sales": 10, "removed": 9}
    assert archive.sales.count(NAME) == 1


def test_without_an_archive_it_says_how_to_have_one(
    definition: Path, month: Path, tmp_path: Path
) -> None:
    """Nothing is kept."""
    done = CliRunner().invoke(
        cli,
        ["add-sales", str(month), "--data", str(definition)],
        env={"KERBSIDE_STATE_DIR": str(tmp_path)},
    )

    assert done.exit_code == 1
    assert "set KERBSIDE_ARCHIVE_URL" in done.output

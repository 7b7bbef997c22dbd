"""A sample for reviewers is drawn from the archive into a file of one's own."""

import csv
import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from model_store.archive.archive import Archive
from model_store.cli import cli
from tests.model_store.archive.rows import prediction


@pytest.fixture
def drawn(archive: Archive, tmp_path: Path) -> Path:
    """Return a place for the sample; ten predictions are archived."""
    archive.predictions.upsert([prediction(number) for number in range(10)])
    return tmp_path / "sample.csv"


def draw(archive: Archive, out: Path, *more: str) -> Result:
    """Run the command."""
    where = {"KERBSIDE_ARCHIVE_URL": archive.database.place}
    return CliRunner().invoke(
        cli, ["review-sample", "-o", str(out), "--n", "4", *more], env=where
    )


def test_a_sample_is_a_table_for_this_user_alone(archive: Archive, drawn: Path) -> None:
    """It holds houses."""
    done = draw(archive, drawn)

    assert (done.exit_code, done.output) == (
        0,
        f"4 predictions, written to {drawn}\n",
    )
    assert stat.S_IMODE(drawn.stat().st_mode) == 0o600
    with drawn.open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 4


def test_the_same_seed_draws_the_same(archive: Archive, drawn: Path) -> None:
    """And another one draws others."""
    told = [
        json.loads(draw(archive, drawn, "--json", "--seed", seed).output)["ids"]
        for seed in ("1", "1", "2")
    ]

    assert told[0] == told[1] != told[2]


def test_what_was_drawn_of_each_group_is_told(archive: Archive, drawn: Path) -> None:
    """To people and to scripts; a wish that cannot be met is one sentence."""
    by = ("--by", "zip", "--allocation", "equal")

    done = draw(archive, drawn, *by)
    told = json.loads(draw(archive, drawn, *by, "--json").output)
    refused = draw(archive, drawn, "--by", "rooms")

    assert "zip 98103: 4 of 10\n" in done.output
    assert told["strata"] == [{"stratum": "98103", "predictions": 10, "drawn": 4}]
    assert refused.exit_code == 1
    assert "there are price_quintile, zip" in refused.stderr

"""The command accuracy measures, keeps what it found, and shows it."""

import json
import time

import pytest
from click.testing import CliRunner

from model_store.archive.archive import Archive
from model_store.archive.report import ACCURACY, ACCURACY_STANDING
from model_store.cli import cli
from model_store.store import ModelStore
from tests.model_store.monitoring.sold import sold


@pytest.fixture
def archived(
    archive: Archive, two: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> Archive:
    """Return the archive of the installation, with sixty sales 10 % over the price."""
    monkeypatch.setenv("KERBSIDE_ARCHIVE_URL", archive.database.place)
    # They were told in 1970.
    monkeypatch.setenv("KERBSIDE_ARCHIVE_PREDICTIONS_DAYS", "0")
    sold(archive, [0.9] * 60, version=two.resolve("champion"))
    return archive


def test_a_table_tells_periods_and_states(run: CliRunner, archived: Archive) -> None:
    """And the report is kept for those who show it."""
    told = run.invoke(cli, ["accuracy"])

    assert told.exit_code == 0, told.stderr
    assert "2026-03-01" in told.stdout
    assert "degraded; bias -10.0 % over 60 sales since 2026-03-02" in told.stdout
    assert "FSD, by fifths: 12.0 % held 100.0 %" in told.stdout
    kept = archived.reports.get(ACCURACY)
    assert kept is not None
    assert kept.body["sales"] == 60


def test_rows_are_chosen_and_told_as_json(run: CliRunner, archived: Archive) -> None:
    """By length of the period, segment and version."""
    choice = ["--by", "week", "--segment", "zipcode", "--version", "nobody"]

    of_nobody = run.invoke(cli, ["accuracy", "--json", *choice])
    of_all = run.invoke(cli, ["accuracy", "--json", *choice[:4]])

    assert json.loads(of_nobody.stdout)["rows"] == []
    rows = json.loads(of_all.stdout)["rows"]
    assert {row["group"] for row in rows} == {"98103"}
    assert {row["from"] for row in rows} == {"2026-03-02", "2026-03-09"}


def test_an_unknown_segment_is_refused_with_those_that_there_are(
    run: CliRunner, archived: Archive
) -> None:
    """So that a typo shows at once."""
    told = run.invoke(cli, ["accuracy", "--segment", "zip"])

    assert told.exit_code == 2
    assert "there are: price_quintile, zipcode" in told.stderr


def test_without_an_archive_it_is_said_how_to_have_one(
    run: CliRunner, two: ModelStore
) -> None:
    """For sales are kept there and nowhere else."""
    told = run.invoke(cli, ["accuracy"])

    assert told.exit_code == 1
    assert "set KERBSIDE_ARCHIVE_URL" in told.stderr


def test_if_due_it_measures_what_is_new_and_at_least_daily(
    run: CliRunner, archived: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that an errand may run often and cost nothing."""

    def made_ms(at_s: int) -> int:
        monkeypatch.setattr(time, "time", lambda: float(at_s))
        assert run.invoke(cli, ["accuracy", "--if-due"]).exit_code == 0
        kept = archived.reports.get(ACCURACY_STANDING)
        assert kept is not None
        return kept.made_ms

    assert made_ms(at_s=100) == 100_000
    assert made_ms(at_s=200) == 100_000
    sold(archived, [0.9] * 4, start=100, recorded_ms=150_000)
    assert made_ms(at_s=300) == 300_000
    assert made_ms(at_s=300 + 86_399) == 300_000
    assert made_ms(at_s=300 + 86_400) == 86_700_000


def test_sales_count_as_long_as_what_priced_them_is_kept(
    run: CliRunner, archived: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the hit rate would fall by what retention took away."""
    now_ms = round(time.time() * 1000)
    told = [now_ms - days * 24 * 3600 * 1000 for days in (11, 9)]
    for at, told_ms in enumerate(told):
        sold(archived, [1.0] * 30, start=100 * (at + 1), recorded_ms=told_ms)
    monkeypatch.setenv("KERBSIDE_ARCHIVE_PREDICTIONS_DAYS", "10")

    found = json.loads(run.invoke(cli, ["accuracy", "--json"]).stdout)

    assert (found["sales"], found["priced"], found["hit_rate"]) == (30, 30, 100.0)

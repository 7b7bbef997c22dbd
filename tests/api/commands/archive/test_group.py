"""Laws of `kerbside archive`."""

import json
from pathlib import Path

import pytest
import redis as redis_py

from api.commands.archive.export import TABLES
from api.launcher.faults import ArchiveUnusable
from model_store.archive import schema_version, tables
from model_store.archive.archive import Archive
from tests.api.conftest import Run
from tests.model_store.archive.rows import prediction
from worker.audit import Audit


def _where(archive: Archive) -> dict[str, str]:
    return {"KERBSIDE_ARCHIVE_URL": f"sqlite:///{archive.database.file}"}


def test_tables_are_made_where_there_are_none(run: Run, tmp_path: Path) -> None:
    """And a second time nothing is left to do."""
    here = {"KERBSIDE_ARCHIVE_URL": f"sqlite:///{tmp_path}/deep/a.db"}

    first = run("archive", "migrate", "--json", **here)
    second = run("archive", "migrate", **here)

    now = schema_version.CURRENT
    assert json.loads(first.stdout) == {"before": None, "now": now}
    assert f"up to date, at revision {now}" in second.stdout


def test_an_archive_without_tables_is_told_how_it_gets_them(
    run: Run, tmp_path: Path
) -> None:
    """By the command to run."""
    (tmp_path / "a.db").touch()
    here = {"KERBSIDE_ARCHIVE_URL": f"sqlite:///{tmp_path}/a.db"}

    told = run("archive", "status", **here)

    assert told.exit_code == ArchiveUnusable.exit_code
    assert "run `kerbside archive migrate`" in told.stderr


def test_where_there_is_no_archive_it_is_told_what_names_one(run: Run) -> None:
    """The setting, and the file of `kerbside up`."""
    told = run("archive", "status")

    assert told.exit_code == ArchiveUnusable.exit_code
    assert "KERBSIDE_ARCHIVE_URL names none" in told.stderr


def test_the_archive_of_the_state_folder_is_found(run: Run, tmp_path: Path) -> None:
    """Beside a `kerbside up` nobody has to say where it is."""
    made = f"sqlite:///{tmp_path}/state/archive.db"
    run("archive", "migrate", KERBSIDE_ARCHIVE_URL=made)

    assert run("archive", "status").exit_code == 0


def test_status_shows_what_is_there_and_how_long_it_is_kept(
    run: Run, archive: Archive
) -> None:
    """For people and for machines."""
    archive.predictions.upsert([prediction(1), prediction(2)])

    text = run("archive", "status", **_where(archive), COLUMNS="200")
    found = json.loads(run("archive", "status", "--json", **_where(archive)).stdout)

    assert "1970-01-01T00:00:02.000Z" in text.stdout
    assert "400 days" in text.stdout
    assert set(found["tables"]) == set(tables.metadata.tables)
    assert found["tables"]["predictions"] == {
        "rows": 2,
        "oldest": "1970-01-01T00:00:01.000Z",
        "newest": "1970-01-01T00:00:02.000Z",
        "kept_days": 400,
    }


def test_what_is_too_old_goes_at_once(run: Run, archive: Archive) -> None:
    """All of it, however many steps that takes."""
    archive.predictions.upsert([prediction(number) for number in range(2500)])

    gone = json.loads(run("archive", "prune", "--json", **_where(archive)).stdout)

    assert gone["predictions"] == 2500
    assert "Gone: nothing." in run("archive", "prune", **_where(archive)).stdout


def test_a_tenant_is_erased_only_when_that_is_said(
    run: Run, archive: Archive, redis_url: str, redis: redis_py.Redis
) -> None:
    """And then it is written down."""
    here = {**_where(archive), "KERBSIDE_REDIS_URL": redis_url}
    archive.predictions.upsert([prediction()])

    refused = run("archive", "erase", "acme", **here)
    done = run("archive", "erase", "acme", "--yes", "--json", **here)

    assert refused.exit_code == 2
    assert json.loads(done.stdout) == {
        "predictions": 1,
        "outcomes": 0,
        "withdrawals": 0,
        "properties": 0,
        "valuations": 0,
    }
    (action,) = Audit(redis).newest(9)
    assert (action["operation"], action["targets"]) == ("erase_tenant", ["acme"])


def test_an_erasure_that_fails_is_written_down_as_such(
    run: Run, tmp_path: Path, redis_url: str, redis: redis_py.Redis
) -> None:
    """Some of it may be gone for good."""
    lost = f"sqlite:///{tmp_path}/nowhere/archive.db"
    here = {"KERBSIDE_ARCHIVE_URL": lost, "KERBSIDE_REDIS_URL": redis_url}

    assert run("archive", "erase", "acme", "--yes", **here).exit_code == 17

    (action,) = Audit(redis).newest(9)
    assert (action["targets"], action["outcome"]) == (["acme"], "failed")


@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_exported(
    run: Run, archive: Archive, tmp_path: Path, table: str
) -> None:
    """The command knows the same tables as the archive."""
    assert set(TABLES) == set(tables.metadata.tables)

    told = run(
        "archive", "export", table, "-o", str(tmp_path / "out"), **_where(archive)
    )

    assert told.exit_code == 0
    assert (tmp_path / "out").exists()

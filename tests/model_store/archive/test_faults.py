"""An archive that cannot be used says which, and why, and nothing is half written."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from model_store.archive.archive import Archive
from model_store.errors import ArchiveError, ArchiveNotMigrated, ArchiveUnavailable
from model_store.settings import ModelSettings
from tests import postgres
from tests.model_store.archive.rows import HOUSE, prediction
from tests.postgres import PostgresServer


@contextlib.contextmanager
def _at(url: str) -> Iterator[Archive]:
    with contextlib.closing(Archive(url)) as archive:
        yield archive


def test_an_installation_without_an_archive_has_none() -> None:
    """Everything is as it was."""
    assert Archive.of(ModelSettings()) is None


def test_tables_that_are_missing_are_told_with_the_remedy(
    tmp_path: Path,
) -> None:
    """Not as an error of SQL."""
    (tmp_path / "a.db").touch()
    told = r"no tables yet.*run `kerbside archive migrate`"
    with (
        _at(f"sqlite:///{tmp_path}/a.db") as archive,
        pytest.raises(ArchiveNotMigrated, match=told),
    ):
        archive.predictions.get("x")


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """An archive that went away is not an empty one."""
    with (
        _at(f"sqlite:///{tmp_path}/a.db") as archive,
        pytest.raises(ArchiveUnavailable, match="unable to open database file"),
    ):
        archive.check()

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_taken_away_is_not_written_to(archive: Archive) -> None:
    """Connections to it are there still, and what they write would be nowhere."""
    archive.predictions.upsert([prediction(1)])
    file = archive.database.file
    assert file
    aside = file.rename(file.with_name("aside.db"))

    with pytest.raises(ArchiveUnavailable, match="unable to open database file"):
        archive.predictions.upsert([prediction(2)])
    aside.rename(file)
    archive.predictions.upsert([prediction(3)])

    assert len(archive.predictions.page("acme", limit=10)) == 2


def test_a_password_among_the_options_is_not_told() -> None:
    """Nor one where passwords usually are."""
    url = "postgresql+psycopg://u:first@db/kerbside?password=second&sslmode=require"

    place = Archive(url).database.place

    assert "first" not in place
    assert "second" not in place
    assert "sslmode=require" in place


@pytest.mark.parametrize("revision", ["0000", "9999"])
def test_tables_of_another_release_are_left_alone(
    any_archive: Archive, revision: str
) -> None:
    """Older or newer: nothing is read and nothing is written."""
    with any_archive.database.migrating() as connection:
        change = text("UPDATE alembic_version SET version_num = :to")
        connection.execute(change, {"to": revision})

    told = f"at revision {revision}, expected revision"
    with pytest.raises(ArchiveNotMigrated, match=told):
        any_archive.predictions.upsert([prediction()])
    with pytest.raises(ArchiveNotMigrated, match="use a newer Kerbside"):
        any_archive.migrate()


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the extra that brings it."""
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(ArchiveError, match="needs the extra `postgres`"):
        Archive("postgresql+psycopg://u@h/d")


def test_a_server_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    """At once where nothing listens; the password stays out of it."""
    url = f"postgresql+psycopg://u:hunter2@/d?host={tmp_path}"
    with _at(url) as archive, pytest.raises(ArchiveUnavailable) as told:
        archive.check()

    assert "connection to server" in str(told.value)
    assert "hunter2" not in str(told.value)


def test_a_server_that_comes_back_is_used_again() -> None:
    """Whoever has an archive in hand need not open it anew."""
    binaries = postgres.programs()
    if binaries is None:
        pytest.skip("needs the Debian package postgresql")
    with postgres.serving(binaries) as server, _at(server.url("postgres")) as archive:
        archive.migrate()
        archive.predictions.upsert([prediction()])
        server.stop()
        with pytest.raises(ArchiveUnavailable):
            archive.predictions.get(prediction().id)
        server.start()

        assert archive.predictions.get(prediction().id) == prediction()


def test_a_connection_that_was_cut_off_costs_nobody_an_error(
    postgres_archive: Archive, postgres_server: PostgresServer
) -> None:
    """As when a server was restarted while nobody asked."""
    postgres_archive.predictions.upsert([prediction()])
    postgres_server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    )

    assert postgres_archive.predictions.get(prediction().id) == prediction()


def test_a_file_that_is_damaged_is_told(archive: Archive) -> None:
    """By its place."""
    archive.predictions.upsert([prediction(number) for number in range(200)])
    archive.close()
    file = archive.database.file
    assert file
    file.write_bytes(file.read_bytes()[:4096] + bytes(50_000))

    with pytest.raises(ArchiveError, match="malformed"):
        archive.predictions.page("acme", limit=200)


def test_a_file_that_may_only_be_read_says_so_to_who_writes(archive: Archive) -> None:
    """Who reads goes on."""
    archive.predictions.upsert([prediction()])
    with archive.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")

    with pytest.raises(ArchiveUnavailable, match="readonly database"):
        archive.predictions.upsert([prediction(2)])

    assert archive.predictions.page("acme", limit=9) == [prediction()]


def test_a_full_disk_writes_nothing_of_a_batch(archive: Archive) -> None:
    """What was there before stays, and the next write is taken when there is room."""
    archive.predictions.upsert([prediction(1)])
    with archive.database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")

    rows = [prediction(number) for number in range(2, 500)]
    with pytest.raises(ArchiveUnavailable, match="database or disk is full"):
        archive.predictions.upsert(rows)

    assert archive.predictions.page("acme", limit=9) == [prediction(1)]


def test_what_goes_wrong_shows_no_house(any_archive: Archive) -> None:
    """Values of a statement stay out of what is told of it."""
    broken = prediction(tenant=None)

    with pytest.raises(ArchiveError) as told:
        any_archive.predictions.upsert([prediction(2), broken])

    assert "null" in str(told.value).lower()
    assert HOUSE.decode() not in str(told.value)
    assert any_archive.predictions.get(prediction(2).id) is None

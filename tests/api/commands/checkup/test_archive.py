"""What is said of the archive."""

import sqlite3
from contextlib import closing
from pathlib import Path

from api.commands.checkup import archive as checkup
from api.commands.checkup.finding import Status, Target
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from tests.api.commands.checkup.conftest import only


def _target(folder: Path, url: str | None = None) -> Target:
    return Target(settings=ApiSettings(state_dir=folder, archive_url=url))


def test_an_archive_in_order_is_told(archive: Archive, tmp_path: Path) -> None:
    """That of the state folder, or the one that is named."""
    named = _target(tmp_path / "elsewhere", f"sqlite:///{archive.database.file}")

    own = only(checkup.check(_target(tmp_path)), "archive")

    assert own.status is Status.OK
    assert str(archive.database.file) in own.found
    assert only(checkup.check(named), "archive") == own


def test_where_there_is_no_archive_nothing_is_said(tmp_path: Path) -> None:
    """Nobody has to have one."""
    assert list(checkup.check(_target(tmp_path))) == []


def test_tables_of_another_release_are_told(archive: Archive, tmp_path: Path) -> None:
    """With the command that mends it."""
    with closing(sqlite3.connect(str(archive.database.file))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
        connection.commit()

    found = only(checkup.check(_target(tmp_path)), "archive")

    assert found.status is Status.FAILED
    assert "at revision 0000" in found.found
    assert found.remedy == "Run `kerbside archive migrate`."


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """By its place; jobs go on."""
    (tmp_path / "archive.db").write_bytes(b"no database at all" * 100)

    found = only(checkup.check(_target(tmp_path)), "archive")

    assert found.status is Status.FAILED
    assert "archive.db: file is not a database" in found.found

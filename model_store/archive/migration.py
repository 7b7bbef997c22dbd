"""Brings the tables of an archive to the state that this code knows."""

import contextlib
import os
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from model_store.archive import schema_version
from model_store.archive.database import Database
from model_store.errors import ArchiveError, ArchiveNotMigrated

_SCRIPTS = Path(__file__).parent / "migrations"
#: Name of the lock that keeps two migrations of a server apart.
_LOCK = 0x6B657262


def migrate(database: Database, *, to: str = "head") -> tuple[str | None, str]:
    """Apply the migrations that are missing, all or none of them.

    Of two at once one waits for the other, and finds nothing left to do.

    Args:
        database: Where; a file of SQLite is made if there is none.
        to: The last revision that is applied.

    Returns:
        The revision before, None for an empty database, and the one now.

    Raises:
        ArchiveError: The database cannot be used, or is newer than this code.
    """
    if database.file is not None:
        _make_file(database.file)
    with database.migrating() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        before = schema_version.of(connection)
        _expect_known(before, database.place)
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        return before, str(schema_version.of(connection))


def configuration() -> Config:
    """Return what Alembic needs to know to find the migrations."""
    config = Config()
    # A per cent sign would be taken for a reference.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


def _make_file(file: Path) -> None:
    """Make the file, and its folder, for its owner alone: it holds houses."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise ArchiveError(
            f"archive {file}: {error.strerror}: let this user write the folder, or "
            "name another file in KERBSIDE_ARCHIVE_URL"
        ) from error


def _expect_known(revision: str | None, place: str) -> None:
    known = {script.revision for script in scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise ArchiveNotMigrated(
            f"archive {place}: its tables are at revision {revision}, which this "
            f"Kerbside does not know, expected {schema_version.CURRENT} or older: use "
            "a newer Kerbside"
        )


def scripts() -> ScriptDirectory:
    """Return the migrations."""
    return ScriptDirectory.from_config(configuration())

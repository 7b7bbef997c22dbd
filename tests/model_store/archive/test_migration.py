"""Migrations lead to the tables that the code knows, from wherever they begin."""

import contextlib
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text

from model_store.archive import migration, schema_version, tables
from model_store.archive.archive import Archive
from model_store.archive.database import Database
from model_store.archive.outcome import sale_id
from model_store.errors import ArchiveError
from tests.model_store.archive.rows import prediction
from tests.postgres import PostgresServer

_MIGRATE = """
import sys
from model_store.archive.archive import Archive
print(*Archive(sys.argv[1]).migrate())
"""


#: Tells of a sale as the first tables have it.
_TOLD = """
INSERT INTO outcomes (tenant, subject, price, sold_on, recorded_ms)
VALUES ('acme', :subject, 1, '2026-03-01', 9000)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database that has no tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/deep/archive.db"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = request.getfixturevalue("_empty_database")
    return server.url(name)


@pytest.fixture
def _empty_database(postgres_server: PostgresServer) -> object:
    with postgres_server.database() as name:
        yield name


def test_the_migrations_make_the_tables_that_the_code_knows(
    any_archive: Archive,
) -> None:
    """Down to their indexes."""
    with any_archive.database.migrating() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, tables.metadata) == []


def test_the_code_expects_the_newest_migration() -> None:
    """Who adds one must say so in `schema_version`."""
    assert migration.scripts().get_heads() == [schema_version.CURRENT]


def test_rows_of_the_first_tables_are_there_after_all_migrations(empty: str) -> None:
    """Nobody loses a prediction by an upgrade."""
    with contextlib.closing(Database(empty)) as database:
        migration.migrate(database, to="0001")
        with database.migrating() as connection:
            connection.execute(tables.predictions.insert(), [prediction().to_row()])
            kept = _first(connection)

        before, now = migration.migrate(database)

        assert (before, now) == ("0001", schema_version.CURRENT)
        with database.reading() as connection:
            assert _first(connection) == kept


def test_told_sales_are_known_by_the_ids_that_clients_have(empty: str) -> None:
    """An id that was handed out before the upgrade names the same sale after it."""
    with contextlib.closing(Database(empty)) as database:
        migration.migrate(database, to="0001")
        about = [prediction(number).id for number in range(1001)]
        with database.migrating() as connection:
            for subject in about:
                connection.execute(text(_TOLD), {"subject": subject})

        migration.migrate(database)

        with database.reading() as connection:
            ids = set(connection.scalars(select(tables.outcomes.c.subject)))
        assert ids == {sale_id("acme", subject) for subject in about}


def test_migrations_at_once_are_one(empty: str) -> None:
    """Processes that start together: one makes the tables, the other finds them."""
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", _MIGRATE, empty], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = sorted(command.communicate()[0].split()[0] for command in commands)

    assert [command.returncode for command in commands] == [0, 0]
    assert told == [schema_version.CURRENT, "None"]


def test_a_migration_that_fails_changes_nothing(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the first of its tables."""
    with contextlib.closing(Database(empty)) as database:

        def fail(*_: object, **__: object) -> None:
            raise RuntimeError("out of paper")

        with monkeypatch.context() as patch:
            patch.setattr("alembic.op.create_index", fail)
            with pytest.raises(RuntimeError, match="out of paper"):
                migration.migrate(database)
        with database.migrating() as connection:
            for name in ("alembic_version", "predictions"):
                assert not connection.dialect.has_table(connection, name)

        assert migration.migrate(database) == (None, schema_version.CURRENT)


def test_a_table_in_the_way_is_told_with_a_remedy(empty: str) -> None:
    """The tables stay those of the release before, which may go on with them."""
    with contextlib.closing(Database(empty)) as database:
        migration.migrate(database, to="0003")
        with database.migrating() as connection:
            connection.execute(text("CREATE TABLE valuations (price INTEGER)"))

        with pytest.raises(ArchiveError, match="rename what is in the way"):
            migration.migrate(database)

        with database.migrating() as connection:
            assert schema_version.of(connection) == "0003"
            assert not connection.dialect.has_table(connection, "properties")


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It holds houses; what SQLite writes beside it too."""
    with contextlib.closing(Archive(f"sqlite:///{tmp_path}/deep/a%b?c.db")) as archive:
        archive.migrate()
        archive.predictions.upsert([prediction()])
        files = list((tmp_path / "deep").iterdir())

        assert {file.name for file in files} >= {"a%b?c.db", "a%b?c.db-wal"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def _first(connection: Connection) -> dict[str, object]:
    """Return a row by the columns that the first tables had."""
    names = ("id", "tenant", "created_ms", "sequence", "input", "output", "price")
    columns = [tables.predictions.c[name] for name in names]
    return dict(connection.execute(select(*columns)).mappings().one())

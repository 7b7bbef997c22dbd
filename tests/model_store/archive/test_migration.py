"""Migrations lead to the tables that the code knows, from wherever they begin."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from model_store.archive import migration, schema_version, tables
from model_store.archive.archive import Archive


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

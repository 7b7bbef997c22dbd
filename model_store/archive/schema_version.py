"""Which state of the tables this code knows, and which the database has."""

from sqlalchemy import Connection, text

from model_store.errors import ArchiveNotMigrated

#: Revision of the newest migration; a test compares it with the scripts.
CURRENT = "0004"


def of(connection: Connection) -> str | None:
    """Return the revision that a database is at; None where it has none yet."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version"))
    return found.scalar()


def expect(connection: Connection, place: str) -> None:
    """Refuse a database whose tables this code does not know.

    Raises:
        ArchiveNotMigrated: It is at another revision, or at none.
    """
    found = of(connection)
    if found == CURRENT:
        return
    state = f"its tables are at revision {found}" if found else "it has no tables yet"
    raise ArchiveNotMigrated(
        f"archive {place}: {state}, expected revision {CURRENT}: run `kerbside archive "
        "migrate`, with the newest Kerbside that uses this archive"
    )

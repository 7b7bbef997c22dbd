"""How much an archive holds."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from model_store.archive import schema_version, tables
from model_store.archive.database import Database


@dataclass(frozen=True, slots=True)
class Holding:
    """What one table holds."""

    rows: int
    #: An instant in ms since the epoch, or the day of a sale; None where it is empty.
    oldest: int | dt.date | None
    newest: int | dt.date | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an archive holds."""

    revision: str
    #: Of the whole database, with what is free in it.
    size_bytes: int
    tables: dict[str, Holding]


def take(database: Database) -> Inventory:
    """Count what an archive holds.

    Raises:
        ArchiveError: The database cannot be used.
    """
    with database.reading() as connection:
        holdings = {name: _holding(connection, name) for name in tables.AGES}
        size = _size(connection, database)
    return Inventory(schema_version.CURRENT, size, holdings)


def _holding(connection: Connection, name: str) -> Holding:
    age = tables.AGES[name]
    query = select(func.count(), func.min(age), func.max(age))
    return Holding(*connection.execute(query).one())


def _size(connection: Connection, database: Database) -> int:
    if database.is_sqlite:
        pages, each = "PRAGMA page_count", "PRAGMA page_size"
        read = connection.exec_driver_sql
        return int(read(pages).scalar_one() * read(each).scalar_one())
    whole = select(func.pg_database_size(func.current_database()))
    return int(connection.execute(whole).scalar_one())

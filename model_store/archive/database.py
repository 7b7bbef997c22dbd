"""Connections to the archive's database, and what is said when they fail."""

import contextlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, exc, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url

from model_store.archive import engines, remedies, schema_version
from model_store.archive.gate import Gate
from model_store.errors import ArchiveError, ArchiveTooSlow, ArchiveUnavailable
from model_store.settings import ARCHIVE_FILE

#: Seconds that a server may take for a statement of who works for nobody that waits.
STATEMENT_S = 60.0
#: What PostgreSQL calls a statement that took too long.
_CANCELED = "57014"
#: Rows that a long answer is read by.
_CHUNK = 1000

#: Of whatever types.
Columns = tuple[Any, ...]

#: Of SQLAlchemy, whatever is no fault of a row: the database cannot be reached, cannot
#: write just now, or does not let us.
_DOWN = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.InternalError,
    exc.ProgrammingError,
    exc.TimeoutError,
)


class Database:
    """The database of an archive; safe to share between threads, connects when used.

    Args:
        url: Where it is, as KERBSIDE_ARCHIVE_URL says it.
        limit_s: Seconds that a server may take for a statement.
        gate: What all have to pass; by default nobody is kept back.

    Raises:
        ArchiveError: What PostgreSQL needs is not installed.
    """

    def __init__(
        self, url: str, *, limit_s: float = STATEMENT_S, gate: Gate | None = None
    ) -> None:
        self._gate = gate
        self._url = _parsed(url)
        #: Where it is, to be told: without a password, which may be an option as well.
        shown = self._url.difference_update_query(["password", "sslpassword"])
        self.place = shown.render_as_string(hide_password=True)
        self._is_known = False
        try:
            self._engine = engines.make(self._url, limit_s=limit_s)
        except ImportError as error:
            raise ArchiveError(
                f"archive {self.place}: PostgreSQL needs the extra `postgres`: pip "
                "install --require-hashes -r requirements/postgres.txt"
            ) from error

    @property
    def is_sqlite(self) -> bool:
        """Tell whether it is a file of SQLite."""
        return self._engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """Return the file of SQLite; None where a server keeps the archive."""
        return Path(str(self._url.database)) if self.is_sqlite else None

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for questions with short answers.

        Raises:
            ArchiveError: The database cannot be used; see model_store.errors.
        """
        with self._asked(), self._engine.connect() as plain:
            self._expect_schema(plain)
            yield plain

    def stream(self, query: Select[*Columns]) -> Generator[Row[*Columns]]:
        """Yield the rows of a long answer, which is never held whole.

        Raises:
            ArchiveError: The database cannot be used; see model_store.errors.
        """
        with (
            self.reading() as plain,
            plain.execution_options(yield_per=_CHUNK).execute(query) as rows,
        ):
            yield from rows

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are all kept, or none if the block fails.

        Raises:
            ArchiveError: The database cannot be used; see model_store.errors.
        """
        with self._asked(), self._begun() as connection:
            self._expect_schema(connection)
            yield connection

    @contextlib.contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Give a connection for changes of the schema, whatever that is now."""
        with self.told(), self._begun() as connection:
            driver: Any = connection.connection.driver_connection
            with contextlib.nullcontext() if self.is_sqlite else driver.unhurried():
                yield connection
        self._is_known = False

    def close(self) -> None:
        """Close all connections that nobody has in hand."""
        self._engine.dispose()

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Turn what SQLAlchemy raises into errors that name the archive.

        Statements and their values stay out of messages: they hold houses.
        """
        try:
            yield
        except _DOWN as error:
            kind = ArchiveTooSlow if _is_canceled(error) else ArchiveUnavailable
            raise kind(f"archive {self.place}: {_told(error)}") from None
        except exc.DatabaseError as error:
            raise ArchiveError(f"archive {self.place}: {_told(error)}") from None

    @contextlib.contextmanager
    def _asked(self) -> Iterator[None]:
        passed = self._gate.passed() if self._gate else contextlib.nullcontext()
        with passed, self.told():
            yield

    @contextlib.contextmanager
    def _begun(self) -> Iterator[Connection]:
        with self._engine.connect() as plain:
            connection = plain.execution_options(begin="IMMEDIATE")
            with connection.begin():
                yield connection

    def _expect_schema(self, connection: Connection) -> None:
        if not self._is_known:
            schema_version.expect(connection, self.place)
            self._is_known = True


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    newer_by: Sequence[str] = (),
    kept: Sequence[str] = (),
) -> None:
    """Insert rows; one whose key is there takes the place of the old one.

    Args:
        connection: A writing one.
        table: Of all columns.
        rows: In the order of their keys, so that two writers cannot block each other.
        newer_by: Columns, the first one first, by which it must not be older.
        kept: Columns that stay as they are in a row that is there.
    """
    if not rows:
        return
    insert = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    stays = {*keys, *kept}
    changed = {name: insert.excluded[name] for name in rows[0] if name not in stays}
    where = None
    if newer_by:
        ours, theirs = insert.excluded, table.c
        where = tuple_(*(ours[name] for name in newer_by)) >= tuple_(
            *(theirs[name] for name in newer_by)
        )
    statement = insert.on_conflict_do_update(
        index_elements=keys, set_=changed, where=where
    )
    connection.execute(statement, list(rows))


def add(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row; return whether it was, for its key was not there.

    Args:
        connection: A writing one.
        table: Of all columns.
        row: Its values.
    """
    statement = _insert(connection, table).on_conflict_do_nothing()
    made = connection.execute(statement.returning(*table.primary_key), dict(row))
    return made.first() is not None


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _parsed(url: str) -> URL:
    """Read an address.

    Raises:
        ArchiveError: It is none; it is not told, for it may hold a password.
    """
    if url.startswith(ARCHIVE_FILE):
        # Whatever stands in the name of a file is part of it.
        return URL.create("sqlite", database=url.removeprefix(ARCHIVE_FILE))
    with contextlib.suppress(exc.ArgumentError, ValueError):
        read = make_url(url)
        # Of a password with an @ in it the rest would be told as part of the host.
        if "@" not in (read.host or ""):
            return read
    raise ArchiveError(
        "archive: KERBSIDE_ARCHIVE_URL cannot be read, expected postgresql+psycopg://"
        "USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an @ in a password, and %2F "
        "for a /"
    )


def _is_canceled(error: exc.SQLAlchemyError) -> bool:
    cause = error.orig if isinstance(error, exc.DBAPIError) else None
    return getattr(cause, "sqlstate", None) == _CANCELED


def _told(error: exc.SQLAlchemyError) -> str:
    """Return what the driver said, and what helps.

    It is the first line: the others may show values.
    """
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    said = (str(cause).splitlines() or [type(cause).__name__])[0]
    way = remedies.remedy(said)
    return said if way is None else f"{said}: {way}"

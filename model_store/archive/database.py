"""Connections to the archive's database, and what is said when they fail."""

import contextlib
import sqlite3
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Select,
    Table,
    create_engine,
    event,
    exc,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from model_store.archive import schema_version
from model_store.errors import ArchiveError, ArchiveUnavailable
from model_store.settings import ARCHIVE_FILE

#: Seconds that a writer waits for another one of the same SQLite file.
_BUSY_S = 10
#: Seconds until a server must have answered: to a connection, and to a statement.
_CONNECT_S, _STATEMENT_S = 5, 60
#: Seconds that a thread waits for a connection that others have in hand.
_POOL_S = 10
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

    Raises:
        ArchiveError: What PostgreSQL needs is not installed.
    """

    def __init__(self, url: str) -> None:
        self._url = _parsed(url)
        #: Where it is, to be told: without a password, which may be an option as well.
        shown = self._url.difference_update_query(["password", "sslpassword"])
        self.place = shown.render_as_string(hide_password=True)
        self._is_known = False
        try:
            self._engine = _engine(self._url)
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
        with self.told(), self._engine.connect() as plain:
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
        with self.told(), self._begun() as connection:
            self._expect_schema(connection)
            yield connection

    @contextlib.contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Give a connection for changes of the schema, whatever that is now."""
        with self.told(), self._begun() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
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
            raise ArchiveUnavailable(f"archive {self.place}: {_said(error)}") from None
        except exc.DatabaseError as error:
            raise ArchiveError(f"archive {self.place}: {_said(error)}") from None

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
) -> None:
    """Insert rows; one whose key is there takes the place of the old one.

    Args:
        connection: A writing one.
        table: Of all columns.
        rows: In the order of their keys, so that two writers cannot block each other.
        newer_by: Columns, the first one first, by which it must not be older.
    """
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in rows[0] if name not in keys}
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


def _parsed(url: str) -> URL:
    if url.startswith(ARCHIVE_FILE):
        # Whatever stands in the name of a file is part of it.
        return URL.create("sqlite", database=url.removeprefix(ARCHIVE_FILE))
    return make_url(url)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        # Only a migration makes a file: an archive that went away is not an empty one.
        place = f"file:{quote(str(url.database))}?mode=rw"
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_timeout=_POOL_S,
            creator=lambda: sqlite3.connect(
                place, uri=True, timeout=_BUSY_S, check_same_thread=False
            ),
        )
        event.listen(engine, "connect", _set_up_sqlite)
        _follow_file(engine, str(url.database))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        hide_parameters=True,
        pool_timeout=_POOL_S,
        # A server that was restarted must not cost anybody an error.
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _CONNECT_S,
            "tcp_user_timeout": _STATEMENT_S * 1000,
            "options": f"-c statement_timeout={_STATEMENT_S}s",
        },
    )


def _follow_file(engine: Engine, file: str) -> None:
    """Use no connection to a file that is there no more, such as before a restore.

    What is written to it would be nowhere.
    """

    def know(_: object, record: ConnectionPoolEntry) -> None:
        record.info["file"] = _identity(file)

    def expect(_: object, record: ConnectionPoolEntry, *__: object) -> None:
        if record.info["file"] != _identity(file):
            raise exc.DisconnectionError("the file is another one")

    event.listen(engine, "connect", know)
    event.listen(engine, "checkout", expect)


def _identity(file: str) -> tuple[int, int] | None:
    try:
        found = Path(file).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # Readers and the one writer do not wait for each other. Each commit reaches the
    # disk, which is SQLite's default: what is acknowledged to Redis must stay.
    connection.execute("PRAGMA journal_mode = WAL")
    # What was erased is not to be found in the file.
    connection.execute("PRAGMA secure_delete = ON")
    # The driver would begin late, and a reader that becomes a writer may be refused.
    connection.isolation_level = None


def _begin_sqlite(connection: Connection) -> None:
    way = connection.get_execution_options().get("begin", "")
    connection.exec_driver_sql(f"BEGIN {way}")


def _said(error: exc.SQLAlchemyError) -> str:
    """Return the first line of what the driver said: the others may show values."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    lines = str(cause).splitlines()
    return lines[0] if lines else type(cause).__name__

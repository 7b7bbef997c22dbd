"""What SQLAlchemy reaches a database by, as the archive needs it."""

import os
import sqlite3
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, exc
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry

from model_store.archive import gate

#: Seconds that a writer waits for another one of the same SQLite file.
_BUSY_S = 10
#: Connections that are kept: any that is opened beside them is closed after its use.
#: As many threads of a server as may ask at a time, see `gate`.
_POOL = gate.AT_ONCE
#: Seconds that a thread waits for a connection that others have in hand.
_POOL_S = 10


def make(url: URL, *, limit_s: float) -> Engine:
    """Return an engine; it connects when it is used.

    Args:
        url: Of SQLite or PostgreSQL.
        limit_s: Seconds that a server may take for a statement.

    Raises:
        ImportError: What PostgreSQL needs is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return _of_file(url)
    return _of_server(url, limit_s)


def _of_server(url: URL, limit_s: float) -> Engine:
    # An extra, that who has a file does without.
    from model_store.archive import postgres  # noqa: PLC0415

    # A server that was restarted must not cost anybody an error: `pool_pre_ping`.
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=_POOL,
        pool_timeout=_POOL_S,
        pool_pre_ping=True,
    )

    def connect(_: Dialect, __: object, args: Any, named: Any) -> postgres.Connection:
        return postgres.connect(*args, limit_s=limit_s, **named)

    event.listen(engine, "do_connect", connect)
    return engine


def _of_file(url: URL) -> Engine:
    # Only a migration makes a file: an archive that went away is not an empty one.
    place = f"file:{quote(str(url.database))}?mode=rw"
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=_POOL,
        pool_timeout=_POOL_S,
        creator=lambda: sqlite3.connect(
            place, uri=True, timeout=_BUSY_S, check_same_thread=False
        ),
    )
    event.listen(engine, "connect", _set_up_sqlite)
    _follow_file(engine, str(url.database))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


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
        found = os.stat(file)  # noqa: PTH116 - at each read: a Path takes longer to make
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
    if way := connection.get_execution_options().get("begin"):
        connection.exec_driver_sql(f"BEGIN {way}")
        return
    # It looks at no file, so it cannot fail; SQLAlchemy takes longer to pass it on than
    # SQLite to read a row.
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN")

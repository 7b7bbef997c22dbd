"""A real PostgreSQL server of Debian's, started for the tests and gone after them."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg

from tests.patience import wait_until

#: Where Debian puts the programs of each major version.
_PROGRAMS = Path("/usr/lib/postgresql")
#: Made by the package; root may not run the server itself.
_USER = "postgres"
#: A test server may forget all: nothing waits for the disk.
_HASTE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def programs() -> Path | None:
    """Return the folder of the newest server's programs; None where there is none."""
    found = sorted(_PROGRAMS.glob("*/bin/postgres"), key=lambda path: path.parts[-3])
    return found[-1].parent if found else None


class PostgresServer:
    """A server that listens on a socket in a folder of its own."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder
        self._user = user
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        """Return the address of a database, as KERBSIDE_ARCHIVE_URL has it."""
        return f"postgresql+psycopg://{self._user}@/{database}?host={self.folder}"

    def run(self, statement: str) -> None:
        """Run a statement that concerns the whole server."""
        with self.connected("postgres") as connection:
            connection.execute(statement.encode())

    def connected(self, database: str) -> "psycopg.Connection[Any]":
        """Return a connection beside those of the archive."""
        where = f"host={self.folder} user={self._user} dbname={database}"
        return psycopg.connect(where, autocommit=True)

    @contextlib.contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Make a database, give its name, and drop it with whoever is still in it."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield name
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def answers(self) -> bool:
        """Tell whether it takes connections."""
        with contextlib.suppress(psycopg.OperationalError):
            self.connected("postgres").close()
            return True
        return False


@contextlib.contextmanager
def serving(binaries: Path) -> Iterator[PostgresServer]:
    """Run a server for the block."""
    # Not in pytest's own folder: nobody but its owner may look into that one.
    folder = Path(tempfile.mkdtemp(prefix="kerbside-postgres-"))
    try:
        with _running(binaries, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _running(binaries: Path, folder: Path) -> Iterator[PostgresServer]:
    user = pwd.getpwuid(os.getuid()).pw_name
    # Whatever ends the tests, the server ends with them.
    run = ["setpriv", "--pdeathsig=INT"]
    if os.getuid() == 0:
        user = _USER
        shutil.chown(folder, user, user)
        run += [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    options = ("--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    made = (f"--username={user}", f"--pgdata={folder / 'data'}")
    subprocess.run(
        [*run, binaries / "initdb", *options, *made],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*run, *_command(binaries, folder)], cwd=folder, stdout=log, stderr=log
        )
    server = PostgresServer(folder, user)
    try:
        wait_until(lambda: server.answers() or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield server
    finally:
        # It ends its clients first.
        process.send_signal(signal.SIGINT)
        process.wait()


def _command(binaries: Path, folder: Path) -> Sequence[str]:
    options = (*_HASTE, "listen_addresses=", f"unix_socket_directories={folder}")
    return [
        *(str(binaries / "postgres"), "-D", str(folder / "data")),
        *(part for option in options for part in ("-c", option)),
    ]

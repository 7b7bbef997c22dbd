"""A real PostgreSQL server of Debian's, started for the tests and gone after them."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
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
    """A server that listens on a socket in a folder of its own.

    Args:
        binaries: Its programs.
        folder: For its data, its socket and its log.
    """

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.folder = folder
        self._binaries = binaries
        self._numbers = itertools.count(1)
        self._user = pwd.getpwuid(os.getuid()).pw_name
        # Whatever ends the tests, the server ends with them.
        self._run_by = ["setpriv", "--pdeathsig=INT"]
        if os.getuid() == 0:
            self._user = _USER
            shutil.chown(folder, _USER, _USER)
            account = (f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups")
            self._run_by += account

    def url(self, database: str) -> str:
        """Return the address of a database, as KERBSIDE_ARCHIVE_URL has it."""
        return f"postgresql+psycopg://{self._user}@/{database}?host={self.folder}"

    def make(self) -> None:
        """Make its data folder."""
        how = ("--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        what = (f"--username={self._user}", f"--pgdata={self.folder / 'data'}")
        subprocess.run(
            [*self._run_by, self._binaries / "initdb", *how, *what],
            check=True,
            capture_output=True,
            cwd=self.folder,
        )

    def start(self) -> None:
        """Return as soon as it takes connections."""
        log = self.folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*self._run_by, *self._command()],
                cwd=self.folder,
                stdout=output,
                stderr=output,
            )
        wait_until(lambda: self._answers() or self._process.poll() is not None)
        assert self._process.poll() is None, log.read_text()

    def stop(self) -> None:
        """End it, and whatever its clients were about."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Have all its processes stand still for the block; TCP is answered on."""
        # The first one starts no others then.
        self._process.send_signal(signal.SIGSTOP)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        pids = [int(pid) for pid in children.read_text().split()]
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in (*pids, self._process.pid):
                os.kill(pid, signal.SIGCONT)

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

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            self.connected("postgres").close()
            return True
        return False

    def _command(self) -> list[str]:
        sockets = ("listen_addresses=", f"unix_socket_directories={self.folder}")
        return [
            *(str(self._binaries / "postgres"), "-D", str(self.folder / "data")),
            *(part for option in (*_HASTE, *sockets) for part in ("-c", option)),
        ]


@contextlib.contextmanager
def serving(binaries: Path) -> Iterator[PostgresServer]:
    """Run a server for the block."""
    # Not in pytest's own folder: nobody but its owner may look into that one.
    folder = Path(tempfile.mkdtemp(prefix="kerbside-postgres-"))
    try:
        server = PostgresServer(binaries, folder)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)

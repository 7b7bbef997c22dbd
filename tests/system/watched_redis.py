"""A primary, a replica and the three sentinels that watch them, as processes."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import Any

import pytest
import redis as redis_py

from api.settings import child_environment
from tests.patience import wait_until
from worker import redis_acl
from worker.supervision import aclfile, embedded, ports
from worker.supervision.leash import leashed

#: What the sentinels call the two servers, and ask for themselves.
MASTER, SENTINEL_PASSWORD = "kerbside", "the-sentinels-own-password"
#: Database of the installation: not the one that a client takes by itself.
DATABASE = 3

_RULES = {
    **redis_acl.rules(DATABASE),
    **redis_acl.failover_rules(),
    **embedded.ONE_FOR_ALL,
}
_PASSWORDS = {user: f"{user}-has-a-long-password" for user in _RULES}

_SERVER = """\
bind 127.0.0.1
port {port}
dir "{folder}"
aclfile "{users}"
masteruser replica
masterauth {password}
repl-diskless-sync-delay 0
appendonly yes
save ""
maxmemory 256mb
maxmemory-policy noeviction
"""

_SENTINEL = """\
bind 127.0.0.1
port {port}
dir "{folder}"
requirepass {own}
sentinel monitor {master} 127.0.0.1 {primary} 2
sentinel auth-user {master} sentinel
sentinel auth-pass {master} {password}
sentinel down-after-milliseconds {master} 1000
sentinel failover-timeout {master} 10000
"""


@dataclass(frozen=True)
class Watched:
    """The servers, the sentinels, and what of them runs."""

    program: str
    folder: Path
    servers: tuple[int, int]
    sentinels: tuple[int, int, int]
    _running: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def url_of(self, user: str) -> str:
        """Return the address for a user, by the sentinels."""
        places = ",".join(f"{ports.LOOPBACK}:{port}" for port in self.sentinels)
        return (
            f"sentinel://{user}:{_PASSWORDS[user]}@{places}/{DATABASE}"
            f"?master={MASTER}&sentinel_password={SENTINEL_PASSWORD}"
        )

    @contextlib.contextmanager
    def sentinel(self) -> Iterator[Any]:
        """Return a client of the last sentinel."""
        with redis_py.Redis(
            port=self.sentinels[-1], password=SENTINEL_PASSWORD
        ) as client:
            yield client

    def primary(self) -> int:
        """Return the port of the server that the sentinels take to be the primary."""
        with self.sentinel() as client:
            return int(client.sentinel_master(MASTER)["port"])

    @contextlib.contextmanager
    def admin(self, port: int) -> Iterator[Any]:
        """Return a client of one server, for who may do everything."""
        with redis_py.Redis(
            port=port, password=_PASSWORDS[aclfile.DEFAULT], db=DATABASE
        ) as client:
            yield client

    def restart(self, port: int) -> None:
        """Start a server that was killed, and wait until it follows the other one."""
        self._start_server(port)
        wait_until(self._is_whole, "a replica that was the primary")

    def kill(self, port: int) -> None:
        """Kill what listens on a port, as a machine that goes away does."""
        process = self._running.pop(port)
        process.kill()
        process.wait()

    def end(self) -> None:
        """Kill all of them."""
        for port in [*self._running]:
            self.kill(port)

    def begin(self) -> None:
        """Start them, and wait until the sentinels know all that there is."""
        users = self.folder / "users.acl"
        users.write_text(aclfile.text(_RULES, _PASSWORDS))
        primary, replica = self.servers
        for port in self.servers:
            own = {"users": users, "password": _PASSWORDS[redis_acl.REPLICA]}
            self._write(port, "redis.conf", _SERVER, own)
        with (self.folder / f"{replica}" / "redis.conf").open("a") as file:
            file.write(f"replicaof 127.0.0.1 {primary}\n")
        for port in self.servers:
            self._start_server(port)
        for port in self.sentinels:
            self._write(port, "sentinel.conf", _SENTINEL, self._told_sentinels())
            self._start(port, self.folder / f"{port}" / "sentinel.conf", "--sentinel")
        wait_until(self._is_whole, "sentinels that know each other and the replica")

    def _told_sentinels(self) -> dict[str, object]:
        return {
            "primary": self.servers[0],
            "master": MASTER,
            "own": SENTINEL_PASSWORD,
            "password": _PASSWORDS[redis_acl.SENTINEL],
        }

    def _is_whole(self) -> bool:
        with self.sentinel() as client:
            told = client.sentinel_master(MASTER)
            (replica,) = client.sentinel_slaves(MASTER) or [{"flags": "none"}]
        others = told["num-other-sentinels"] == len(self.sentinels) - 1
        return bool(others and replica["flags"] == "slave")

    def _write(
        self, port: int, name: str, text: str, told: Mapping[str, object]
    ) -> None:
        folder = self.folder / f"{port}"
        folder.mkdir()
        (folder / name).write_text(text.format(port=port, folder=folder, **told))

    def _start_server(self, port: int) -> None:
        self._start(port, self.folder / f"{port}" / "redis.conf")

    def _start(self, port: int, config: Path, *words: str) -> None:
        command = (self.program, str(config), *words)
        with config.with_suffix(".log").open("ab") as log:
            self._running[port] = subprocess.Popen(
                leashed(command, orphan_signal=Signals.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Watched]:
    """Run them in a folder; they end with the block.

    Skips the test where there is no redis-server; the embedded program is no sentinel.
    """
    program = shutil.which("redis-server")
    if program is None:
        message = "No redis-server here, which Debian's package of that name brings."
        if child_environment().get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    folder.mkdir()
    a, b, c, d, e = (ports.find_free() for _ in range(5))
    watched = Watched(program, folder, (a, b), (c, d, e))
    try:
        watched.begin()
        yield watched
    finally:
        watched.end()

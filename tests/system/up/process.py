"""One `kerbside up` with all its processes."""

import contextlib
import http.client
import json
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

#: Variable that every process of one installation inherits.
MARK = "UP_TEST_MARK"

#: Processes of an installation with one prediction worker: `up`, Valkey, three of the
#: API, four workers, beat, Flower.
PROCESSES = 11


@dataclass
class Up:
    """One started `kerbside up`."""

    process: "subprocess.Popen[str]"
    mark: str
    state: Path
    #: What it told when all was up.
    told: dict[str, Any] = field(default_factory=dict)

    def pids(self, words: str = "") -> set[int]:
        """Return the ids of its processes whose command line holds some words."""
        return {
            int(path.name)
            for path in Path("/proc").iterdir()
            if path.name.isdigit() and self._owns(path) and words in command_of(path)
        }

    def users_of_redis(self, words: str) -> set[str | None]:
        """Return whose address of Redis is in the environment of some processes."""
        name = b"KERBSIDE_REDIS_URL="
        return {
            urlsplit(variable.removeprefix(name).decode()).username
            for pid in self.pids(words)
            for variable in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if variable.startswith(name)
        }

    def await_start(self) -> None:
        """Wait until everything is up."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.end(signal.SIGKILL)
        self.told = json.loads(line)

    def get(self, url: str, **headers: str) -> tuple[int, Any]:
        """Ask one of its servers."""
        place, _, path = url.removeprefix("http://").partition("/")
        with contextlib.closing(http.client.HTTPConnection(place)) as connection:
            connection.request("GET", f"/{path}", headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def end(self, number: signal.Signals) -> str:
        """End it and return what it wrote to stderr."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=60)[1]

    def _owns(self, path: Path) -> bool:
        try:
            marked = f"{MARK}={self.mark}".encode() in (path / "environ").read_bytes()
            # Valkey writes its title over its environment; it works in its folder.
            return marked or (path / "cwd").readlink() == self.state / "redis"
        except OSError:
            return False


def command_of(path: Path) -> str:
    """Return the command line of a process, by its folder; empty where it is gone."""
    with contextlib.suppress(OSError):
        return (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


Start = Callable[..., Up]

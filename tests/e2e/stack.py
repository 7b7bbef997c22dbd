"""The whole of docker-compose.yml, as the tests start it and talk to it."""

import contextlib
import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.e2e import images
from tests.e2e.engine import Docker
from tests.patience import wait_until
from tests.structure.source import ROOT
from worker.supervision import ports

PROJECT = "kerbside-e2e"
#: Where clients come in, and where operators do.
API_PORT, OPS_PORT, FLOWER_PORT = "API_PORT", "OPS_PORT", "FLOWER_PORT"
#: Seconds within which a house is priced, whatever else the machine does.
PRICED_WITHIN_S = 240
#: Seconds that an answer may take.
_PATIENCE_S = 30
#: Share of a core that is left to a worker which is to be caught at its work.
_SLOW = "0.02"

_FILES = ("docker-compose.yml", "tests/e2e/compose.yml")


@dataclass(frozen=True)
class Stack:
    """A stack that runs."""

    docker: Docker
    secrets: Path
    scale: Mapping[str, int]

    def compose(self, *words: str) -> str:
        """Run a command of compose; return what it printed."""
        has_archive = (self.secrets / "archive.env").exists()
        profile = ("--profile=postgres",) if has_archive else ()
        files = [f"--file={file}" for file in _FILES]
        return self.docker.run("compose", f"-p={PROJECT}", *files, *profile, *words)

    def up(self) -> None:
        """Start what does not run, or not as it should; return when all are healthy."""
        sizes = [f"--scale={name}={count}" for name, count in self.scale.items()]
        self.compose("up", "--detach", "--wait", *sizes)

    def write_secrets(self, *options: str) -> None:
        """Have the image write them, for who runs the tests."""
        self.docker.run(
            *("run", "--rm", "--user", f"{os.getuid()}:{os.getgid()}"),
            *("--volume", f"{self.secrets.parent}:/var/lib/kerbside/deploy"),
            *(images.IMAGE, "kerbside", "init", *options),
        )

    def kerbside(self, *words: str) -> str:
        """Run a command of `kerbside` beside the stack; return what it printed."""
        return self.compose("run", "--rm", "-T", "kerbside", *words)

    def typed(self, line: str, folder: Path, **more: str) -> None:
        """Run a line of docs/howto/docker.md in a folder, as its reader types it.

        Args:
            line: For a shell.
            folder: Where files are read and left.
            more: Variables that the reader has set.

        Raises:
            AssertionError: It failed; the message is what it said.
        """
        variables = {
            "COMPOSE_PROJECT_NAME": PROJECT,
            "COMPOSE_FILE": os.pathsep.join(str(ROOT / file) for file in _FILES),
            "COMPOSE_PROFILES": "postgres",
        }
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=folder,
            env={**self.docker.environment, **variables, **more},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"

    def containers(self, service: str) -> list[str]:
        """Return the containers of a service, stopped ones too, by their numbers."""
        names = self.docker.run(
            *("ps", "--all", "--format", "{{.Names}}"),
            *("--filter", f"label=com.docker.compose.project={PROJECT}"),
            *("--filter", f"label=com.docker.compose.service={service}"),
        )
        return sorted(names.split())

    def inspect(self, container: str) -> Any:
        """Return what the engine knows of a container."""
        return json.loads(self.docker.run("inspect", container))[0]

    def within(self, container: str, command: str) -> str:
        """Run a shell command in a container; return what it printed."""
        return self.docker.run("exec", container, "sh", "-c", command)

    def slow_down(self, container: str) -> None:
        """Leave a worker so little of a core that it is caught at its work."""
        self.docker.run("update", "--cpus", _SLOW, container)

    def speed_up(self, container: str) -> None:
        """Give a worker back the core that it has by docker-compose.yml."""
        self.docker.run("update", "--cpus", "1", container)

    def kill(self, container: str) -> None:
        """Kill the process of a container; return when it has been started anew."""
        before = self.inspect(container)["RestartCount"]
        command = "kill -9 $(cat /proc/1/task/1/children)"
        # The container may take the shell with it: then it has not succeeded.
        self.docker.succeeds("exec", container, "sh", "-c", command)

        def is_back() -> bool:
            now = self.inspect(container)
            runs: bool = now["State"]["Status"] == "running"
            return runs and now["RestartCount"] > before

        wait_until(is_back, f"another start of {container}")

    def address(self, container: str) -> str:
        """Return where a container is reached from this host."""
        networks = self.inspect(container)["NetworkSettings"]["Networks"]
        return str(networks[f"{PROJECT}_outside"]["IPAddress"])

    def gateway(self) -> str:
        """Return where this host is reached from containers."""
        network = self.docker.run("network", "inspect", f"{PROJECT}_outside")
        return str(json.loads(network)[0]["IPAM"]["Config"][0]["Gateway"])

    def url(self, port: str) -> str:
        """Return the address of what is published at one of the ports."""
        return f"http://{ports.LOOPBACK}:{self.docker.environment[port]}"

    def ended(self, url: str, token: str) -> dict[str, Any]:
        """Return a prediction once it has ended."""
        job: dict[str, Any] = {}

        def has_ended() -> bool:
            nonlocal job
            job = call(url, token).body
            return job["status"] in {"succeeded", "failed", "canceled"}

        # Workers are healthy before they have loaded the model.
        wait_until(has_ended, f"the end of {url}", timeout_s=PRICED_WITHIN_S)
        return job


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any


def call(url: str, token: str = "", body: Any = None, **headers: str) -> Answer:
    """Send a request: a POST if there is a body."""
    sent = {"Content-Type": "application/json", **headers}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, sent)  # noqa: S310 -- of the tests
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310
            return Answer(answer.status, _read(answer.read()))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _read(error.read()))


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode()


@contextlib.contextmanager
def running(docker: Docker, folder: Path, **scale: int) -> Iterator[Stack]:
    """Build the image, write the secrets with it, and bring everything up.

    Args:
        docker: The engine.
        folder: Where files may be left.
        scale: How many containers of a service.
    """
    variables = images.prepare(docker, folder)
    secrets = folder / "deploy" / "secrets"
    secrets.parent.mkdir()
    numbers = ports.find_some_free(3)
    names = (API_PORT, OPS_PORT, FLOWER_PORT)
    variables |= dict(zip(names, map(str, numbers), strict=True))
    variables["SECRETS_DIR"] = str(secrets)
    stack = Stack(_with(docker, variables), secrets, scale)
    stack.write_secrets()
    try:
        stack.up()
        yield stack
    finally:
        stack.compose("down", "--volumes", "--remove-orphans", "--timeout", "20")


def _with(docker: Docker, variables: Mapping[str, str]) -> Docker:
    return replace(docker, environment={**docker.environment, **variables})

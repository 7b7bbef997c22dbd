"""The Docker engine of the tests: the one that answers, else one that they start."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from api.settings import child_environment
from tests.e2e import leftovers
from tests.patience import wait_until
from tests.structure.source import ROOT

#: Seconds within which an engine must be up, or have ended.
_PATIENCE_S = 60

_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")

_MISSING = (
    "No Docker engine answers and none can be started here: that takes root and the"
    " programs dockerd, iptables and ip. On Debian: apt-get install docker.io iptables"
    " iproute2 mmdebstrap."
)


@dataclass(frozen=True)
class Docker:
    """The client of an engine."""

    environment: Mapping[str, str]

    def run(self, *words: str, timeout_s: float = 1200) -> str:
        """Run a command of `docker`; return what it printed.

        Raises:
            AssertionError: It failed; the message is what it said.
        """
        done = subprocess.run(
            ["docker", *words],
            cwd=ROOT,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
        assert done.returncode == 0, f"docker {' '.join(words)}\n{done.stderr}"
        return done.stdout.strip()

    def succeeds(self, *words: str, timeout_s: float = 1200) -> bool:
        """Tell whether a command of `docker` succeeds."""
        try:
            self.run(*words, timeout_s=timeout_s)
        except (AssertionError, subprocess.TimeoutExpired):
            return False
        return True


@contextlib.contextmanager
def running() -> Iterator[Docker]:
    """Return a client of an engine, with compose; one started here ends, too."""
    with contextlib.ExitStack() as at_end:
        # On a disk: no engine keeps its layers in memory.
        folder = Path(tempfile.mkdtemp(prefix="kerbside-e2e-", dir="/var/tmp"))
        at_end.callback(shutil.rmtree, folder)
        docker = Docker(child_environment())
        if not docker.succeeds("version"):
            docker = at_end.enter_context(_started(folder))
        yield _with_compose(docker, folder)


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[Docker]:
    assert os.geteuid() == 0, _MISSING
    assert all(map(shutil.which, ("dockerd", "iptables", "ip"))), _MISSING
    socket = f"unix://{folder}/docker.sock"
    docker = Docker(child_environment(DOCKER_HOST=socket))
    options = {
        "host": socket,
        # Debian's engine cannot choose by itself on every kernel.
        "storage-driver": "overlay2",
        "data-root": folder / "data",
        "exec-root": folder / "exec",
        "pidfile": folder / "dockerd.pid",
        "log-level": "warn",
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    with (
        leftovers.taken_away(),
        _network_as_it_was(),
        (folder / "dockerd.log").open("wb") as log,
        subprocess.Popen(["dockerd", *words], stdout=log, stderr=log) as engine,
    ):
        try:
            wait_until(
                lambda: docker.succeeds("version") or engine.poll() is not None,
                "an engine",
                timeout_s=_PATIENCE_S,
            )
            assert engine.poll() is None, (folder / "dockerd.log").read_text()
            yield docker
        finally:
            engine.terminate()
            engine.wait(_PATIENCE_S)
            _unmount(folder)


@contextlib.contextmanager
def _network_as_it_was() -> Iterator[None]:
    """Take away the bridge and the rules that an engine leaves behind."""
    rules = leftovers.with_every_table(_output("iptables-save"))
    forward = _FORWARD.read_text()
    try:
        yield
    finally:
        _output("ip", "link", "delete", "docker0")
        subprocess.run(["iptables-restore"], input=rules, text=True, check=True)
        _FORWARD.write_text(forward)


def _unmount(folder: Path) -> None:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in reversed([one for one in mounts if one.startswith(f"{folder}/")]):
        _output("umount", "--lazy", place)


def _with_compose(docker: Docker, folder: Path) -> Docker:
    """Give a client the compose of `make e2e-docker` where it has none."""
    if docker.succeeds("compose", "version"):
        return docker
    tools = ROOT / "build" / "tools" / "compose"
    # The program itself: the wrapper that pip makes swallows its exit code.
    (program,) = tools.glob("lib/python3*/site-packages/compose/docker-compose")
    plugins = folder / "config" / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-compose").symlink_to(program)
    return Docker({**docker.environment, "DOCKER_CONFIG": str(plugins.parent)})


def _output(*words: str) -> str:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    return done.stdout

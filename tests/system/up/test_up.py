"""What `kerbside up` gives to who starts it."""

import base64
import itertools
import json
import re
import signal
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path

from api.launcher import faults
from api.settings import child_environment
from tests.patience import wait_until
from tests.system.installation import submit_again
from tests.system.up.process import PROCESSES, Start, Up, command_of
from worker.supervision import secretfile

#: Words of a process's command line -> the users of Redis whose address it has.
PARTS = {
    "granian": {"api"},
    "predictions-1@": {"worker"},
    "upkeep@": {"worker"},
    "webhooks@": {"worker"},
    "batches@": {"worker"},
    "beat": {"worker"},
    "worker.flower": {"flower"},
}


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
    commands = " ".join(command_of(Path(f"/proc/{pid}")) for pid in up.pids())
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

"""A whole installation does its work, and no user of Redis is denied anything."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from api.launcher import sealing_keys
from api.launcher.showcase import LocalClient
from api.launcher.statefolder import StateFolder
from model_store.store import ModelStore
from tests import dead_letters
from tests.patience import wait_until
from tests.system import api_server, installation
from tests.system.api_server import Server
from tests.system.installation import Installation, in_a_hurry
from worker import connection, pauses
from worker.keys import PREDICTIONS
from worker.ledger import Ledger
from worker.queue import Queue
from worker.redis_acl import OPERATOR
from worker.settings import WorkerSettings
from worker.supervision import ports

Command = Callable[..., Any]


@pytest.fixture
def place(store: ModelStore, tmp_path: Path) -> Iterator[Installation]:
    """Return an installation whose events may go to this machine."""
    state = StateFolder.prepare(tmp_path / "var")
    # Where commands find the keys, beside a `kerbside up` that has made them.
    keys = sealing_keys.ensured(WorkerSettings(state_dir=state.path))
    with installation.running(
        state.path, store, secret_keys=keys, webhook_development=True
    ) as place:
        yield place


@pytest.fixture
def admin(place: Installation) -> Iterator[redis_py.Redis]:
    """Return a client of who may do everything."""
    with connection.connect(place.redis.url, role="operator") as client:
        yield client


@pytest.fixture
def letters(place: Installation) -> list[str]:
    """Leave four dead letters, before there are workers that price them."""
    settings = WorkerSettings()
    with connection.connect(place.redis.url, role="worker") as client:
        desk, book = Queue(client, settings), Ledger(client, settings)
        return dead_letters.made(desk, book, client, count=4)


@pytest.fixture
def server(
    letters: list[str], store: ModelStore, place: Installation
) -> Iterator[Server]:
    """Run all processes of an installation."""
    stack = place.stack
    workers = (*stack.prediction_workers(), stack.upkeep_worker(), stack.beat())
    others = stack.webhooks_worker(), in_a_hurry(stack.batches_worker()), stack.flower()
    for spec in (*workers, *others):
        place.start(spec)
    stack.state.note_ports(api=stack.port, flower=stack.flower_port)
    flower = LocalClient(stack.flower_port)
    with api_server.running(place, stack.api(), store) as server:
        wait_until(flower.is_closed)
        yield server


@pytest.fixture
def command(place: Installation) -> Command:
    """Return a function that runs a command, which finds Redis by the state folder."""

    def command(*arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "api", *arguments, "--json"],
            env={**place.stack.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode in {0, 1}, done.stderr
        return json.loads(done.stdout)

    return command


def test_nothing_that_an_installation_does_is_denied(
    server: Server,
    command: Command,
    place: Installation,
    letters: list[str],
    admin: redis_py.Redis,
) -> None:
    """From the first submit to the last worker that ends; Redis keeps a list of it."""
    _is_customer(server, letters[0], place)
    _has_many_houses(server)
    _is_subscriber(server, command)
    _is_operator(server, command, letters[1:])
    _looks_at_flower(place)
    place.end()

    assert admin.acl_log() == []


def _is_customer(server: Server, dead: str, place: Installation) -> None:
    priced = server.submit(Prefer="wait=30", **{"Idempotency-Key": "one"}).body
    assert priced["status"] == "succeeded"
    assert server.submit(**{"Idempotency-Key": "one"}).body["id"] == priced["id"]
    url = f"/v1/predictions/{priced['id']}"
    assert server.call("GET", url).body["output"]
    assert server.call("GET", "/v1/predictions").status == 200
    with ExitStack() as stack:
        operator = connection.connect(place.redis.url_of(OPERATOR), role="operator")
        stack.enter_context(operator)
        # Only while a lane rests does a job wait for long enough to be canceled.
        pauses.begin(operator, PREDICTIONS)
        stack.callback(pauses.end, operator, PREDICTIONS)
        waiting = server.submit().body["id"]
        canceled = server.call("POST", f"/v1/predictions/{waiting}/cancel").body
        assert canceled["status"] == "canceled"
    retried = f"/v1/predictions/{dead}"
    assert server.call("POST", f"{retried}/retry").status in {200, 202}
    wait_until(lambda: server.call("GET", retried).body["status"] != "starting")
    assert server.call("DELETE", url).status == 204
    assert server.call("GET", url).status == 410


def _has_many_houses(server: Server) -> None:
    rows = f"{json.dumps({'input': server.house})}\n" * 3
    lines = {"Content-Type": "application/jsonl"}

    def submitted() -> str:
        made = server.call("POST", "/v1/batches", rows.encode(), **lines)
        assert made.status == 202, made.body
        return f"/v1/batches/{made.body['id']}"

    priced, canceled = submitted(), submitted()
    assert server.call("POST", f"{canceled}/cancel").status == 200
    wait_until(lambda: server.call("GET", priced).body["completed_at"])
    assert server.call("GET", priced).body["request_counts"]["completed"] == 3
    assert server.call("GET", "/v1/batches").status == 200
    assert server.call("DELETE", priced).status == 204
    assert server.call("GET", priced).status == 404


def _is_subscriber(server: Server, command: Command) -> None:
    key = command("keys", "create", "--tenant", "shop", "--scope", "webhooks")
    client = LocalClient(server.port, key["token"])

    def told(method: str, path: str, body: Any = None) -> Any:
        status, answer = client.call(method, f"/v1/{path}", body)
        assert status < 300, answer
        return answer

    # Nobody listens there: the delivery fails, waits, and is called off.
    url = f"http://127.0.0.1:{ports.find_free()}/hook"
    hook = told("POST", "webhooks", {"url": url})["id"]
    told("POST", f"webhooks/{hook}/rotate-secret")
    tried = told("POST", f"webhooks/{hook}/test")["id"]
    wait_until(lambda: told("GET", f"deliveries/{tried}")["attempts"])
    told("POST", f"webhooks/{hook}/disable")
    told("POST", f"webhooks/{hook}/enable")
    told("POST", f"deliveries/{tried}/redeliver")
    told("POST", f"webhooks/{hook}/recover?since=0")
    assert told("GET", f"webhooks/{hook}/deliveries")["results"]
    assert told("GET", "webhooks/default/secret")["key"]
    assert [one["id"] for one in command("webhooks", "list")] == [hook]
    told("DELETE", f"webhooks/{hook}")


def _is_operator(server: Server, command: Command, letters: list[str]) -> None:
    key = command("keys", "create", "--tenant", "operator", "--scope", "operate")
    for path in ("/v1/ops/scaler", "/metrics"):
        # What is not JSON is not read here.
        client = LocalClient(server.port, key["token"])
        assert client.call("GET", path)[0] == 200
    assert len(command("dead-letters", "list")["results"]) == len(letters)
    command("dead-letters", "replay", letters[0])
    command("dead-letters", "discard", letters[1])
    wait_until(lambda: len(command("dead-letters", "list")["results"]) == 1)
    wait_until(lambda: _wrong(command) <= {"dead letters predictions"})
    command("keys", "revoke", key["id"])
    assert "revoked" in {one["state"] for one in command("keys", "list")}


def _wrong(command: Command) -> set[str]:
    findings = command("doctor")["findings"]
    machine = {"memory", "disk", "packages"}
    return {one["check"] for one in findings if one["status"] != "ok"} - machine


def _looks_at_flower(place: Installation) -> None:
    login = base64.b64encode(f"kerbside:{place.stack.flower_password}".encode())
    basic = {"Authorization": f"Basic {login.decode()}"}
    flower = LocalClient(place.stack.flower_port)
    node = f"predictions-1@{os.uname().nodename}"

    def told(path: str) -> Any:
        status, answer = flower.call("GET", path, **basic)
        assert status == 200
        return answer

    wait_until(lambda: node in told("/api/workers?refresh=1"))
    assert told("/api/queues/length")["active_queues"]
    for path in ("/", "/broker", "/tasks", "/api/tasks", "/metrics", f"/worker/{node}"):
        told(path)

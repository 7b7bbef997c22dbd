"""Where no secret and no house may turn up, looked for at the chattiest log level."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from cryptography.fernet import Fernet

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system.installation import Installation
from tests.system.test_logs import LABEL, ODD, ORDER, Customer, unpriceable
from worker import connection, ledger
from worker.credentials import ApiKeys
from worker.queue import Queue
from worker.settings import WorkerSettings
from worker.supervision.child import ChildSpec

#: Files in which a house may lie: the records, and nothing else.
_RECORDS = "appendonlydir/*"


@dataclass
class Wire:
    """Everything that Redis carries but stores not: events, messages, wake-ups."""

    heard: list[bytes] = field(default_factory=list)

    @contextlib.contextmanager
    def tapped(self, client: redis_py.Redis) -> Iterator[None]:
        """Listen on every channel while the block runs."""
        over = threading.Event()
        made: Any = client
        with contextlib.closing(made.pubsub()) as channel:
            channel.psubscribe("*")
            listener = threading.Thread(target=self._listen, args=(channel, over))
            listener.start()
            try:
                yield
            finally:
                over.set()
                listener.join()

    def _listen(self, channel: Any, over: threading.Event) -> None:
        while not over.is_set():
            message = channel.get_message(timeout=0.1)
            if message and isinstance(message["data"], bytes):
                self.heard += [message["channel"], message["data"]]

    def text(self) -> str:
        """Return all that was heard."""
        return b"\n".join(self.heard).decode(errors="replace")


@pytest.fixture
def secret_key() -> str:
    """Return a key as webhooks' secrets are encrypted with."""
    return Fernet.generate_key().decode()


def chatty(spec: ChildSpec, secret_key: str) -> ChildSpec:
    """Return a process that logs all it can, and knows a secret more."""
    command = [
        "--loglevel=DEBUG" if one.startswith("--loglevel=") else one
        for one in spec.command
    ]
    if spec.name == "api":
        command[-1:-1] = ["--log-level=debug", "--access-log"]
    if spec.name == "flower":
        command.append("--logging=debug")
    environment = {**spec.environment, "KERBSIDE_SECRET_KEYS": secret_key}
    return replace(spec, command=tuple(command), environment=environment)


def command_lines() -> dict[str, str]:
    """Return the command line of every process on this machine."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found[path.parent.name] = path.read_bytes().decode(errors="replace")
    return found


def test_no_secret_and_no_house_turns_up_where_it_should_not(
    place: Installation, store: ModelStore, secret_key: str
) -> None:
    """Submits, bad input, faults of ours, of a model and of a worker, and retries."""
    stack, wire = place.stack, Wire()
    parts = [stack.api(), stack.upkeep_worker(), stack.beat(), stack.flower()]
    for spec in parts:
        place.start(chatty(spec, secret_key))
    champion = store.card(store.resolve("champion"))
    house = {**champion.schema.example, **ODD}
    with connection.connect(place.redis.url, role="worker") as redis:
        keys = ApiKeys(redis)
        token, _ = keys.create(tenant="acme", scopes=["predict", "read"])
        root, _ = keys.create(tenant="operator", scopes=["operate", "read"])
        customer, operator = (Customer(stack.port, one) for one in (token, root))
        wait_until(customer.is_served)

        with wire.tapped(redis):
            made = operator.call(
                "POST", "/v1/keys", {"tenant": "acme", "scopes": ["read"]}
            )[1]
            job = customer.submit(house)[1]
            messages = _messages(redis)
            for spec in stack.prediction_workers():
                place.start(chatty(spec, secret_key))
            wait_until(lambda: customer.poll(job["id"])[1]["status"] == "succeeded")
            _misuse(customer, house, token)
            _fail(customer, redis, house, champion.version)
            redis.hset(ledger.job_key(job["id"]), "created", f"{ODD['lat']}")
            assert customer.poll(job["id"])[0] == 500
            argv = command_lines()
        stored = redis.hgetall(ledger.API_KEYS)
    files = _files(place.redis.folder)
    place.end()

    secrets = [
        *(one.rpartition("_")[2] for one in (token, root, made["token"])),
        *(secret_key, *place.redis.passwords.values(), stack.flower_password),
    ]
    houses = [*map(str, ODD.values()), LABEL]
    assert len(stored) == 3
    places = {f"log of {name}": text for name, text in place.logs().items()}
    places |= {"messages": messages, "events": wire.text()}
    places |= {f"process {number}": line for number, line in argv.items()}
    # The records hold the houses: that is what they are for.
    assert any(LABEL in text for text in files.values())
    assert '"task-received"' in places["events"] or "task.multi" in places["events"]
    assert "request_failed" in places["log of api"]
    assert "audit " in places["log of api"]
    assert "DEBUG" in places["log of predictions-1"]
    for name, text in places.items():
        found = [one for one in (*secrets, *houses, ORDER) if one in text]
        assert found == [], name
    for name, text in files.items():
        assert [one for one in secrets if one in text] == [], name


def _messages(redis: redis_py.Redis) -> str:
    """Return what waits in the lane, and the proof that something does."""
    waiting: Any = redis.lrange(ledger.PREDICTIONS, 0, -1)
    assert waiting
    return b"\n".join(waiting).decode()


def _misuse(customer: Customer, house: dict[str, Any], token: str) -> None:
    """Send what is refused, with a house or a key where neither belongs."""
    assert customer.submit({**house, "long": "west"})[0] == 422
    assert customer.submit({**house, "lat": ODD["sqft_lot15"]})[0] == 422
    assert customer.call("POST", "/v1/predictions", f"{LABEL} {token}")[0] == 422
    assert customer.call("GET", f"/v1/predictions?limit={len(LABEL)}0000")[0] == 400
    assert customer.call("PUT", "/v1/predictions/no-id", {"input": house})[0] == 400
    assert customer.call("GET", "/v1/keys")[0] == 403


def _fail(
    customer: Customer, redis: redis_py.Redis, house: dict[str, Any], version: str
) -> None:
    """Let a worker meet a house that it cannot price, twice."""
    queue, poor = Queue(redis, WorkerSettings()), unpriceable(house, version)
    queue.submit(poor)
    wait_until(lambda: queue.find("acme", poor.id).state.is_terminal)
    assert customer.call("POST", f"/v1/predictions/{poor.id}/retry")[0] == 202
    wait_until(lambda: queue.find("acme", poor.id).state.is_terminal)


def _files(folder: Path) -> dict[str, str]:
    """Return what Redis has written: the append-only file, whole."""
    found = {
        path.name: path.read_bytes().decode(errors="replace")
        for path in folder.glob(_RECORDS)
    }
    assert found
    return found


def test_the_command_lines_of_this_machine_are_read() -> None:
    """The test above would find a secret that is an argument."""
    told = ["-c", "input()", json.dumps(ODD)]
    with subprocess.Popen([sys.executable, *told], stdin=subprocess.PIPE) as process:
        assert str(ODD["lat"]) in command_lines()[str(process.pid)]
        process.communicate(b"\n")

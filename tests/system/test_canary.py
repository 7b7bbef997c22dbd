"""Where no secret and no house may turn up, looked for at the chattiest log level."""

import contextlib
import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import installation
from tests.system.event_sink import Sink
from tests.system.installation import Installation
from tests.system.test_logs import LABEL, ODD, ORDER, Customer, unpriceable
from worker import connection, keys
from worker.credentials import ApiKeys
from worker.queue import Queue
from worker.settings import WorkerSettings
from worker.supervision.child import ChildSpec
from worker.webhooks.sealing import new_key

#: Path and query of a receiver, which let in whoever knows them.
HOOK_PATH, HOOK_QUERY = "/hook-of-the-lake-villa", "let-me-in=4711-otter-pond"

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
    return new_key()


@pytest.fixture
def place(store: ModelStore, tmp_path: Path, secret_key: str) -> Iterator[Installation]:
    """Return an installation whose events may go to this machine."""
    with installation.running(
        tmp_path / "var", store, secret_keys=[secret_key], webhook_development=True
    ) as place:
        yield place


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Return a receiver that fails once, and answers from then on."""
    sink = Sink(statuses=deque([500]))
    sink.answers.set()
    with sink.open():
        yield sink


def chatty(spec: ChildSpec) -> ChildSpec:
    """Return a process that logs all it can."""
    command = [
        "--loglevel=DEBUG" if one.startswith("--loglevel=") else one
        for one in spec.command
    ]
    if spec.name == "api":
        command[-1:-1] = ["--log-level=debug", "--access-log"]
    if spec.name == "flower":
        command.append("--logging=debug")
    return replace(spec, command=tuple(command))


def command_lines() -> dict[str, str]:
    """Return the command line of every process on this machine."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found[path.parent.name] = path.read_bytes().decode(errors="replace")
    return found


def test_no_secret_and_no_house_turns_up_where_it_should_not(
    place: Installation, store: ModelStore, secret_key: str, sink: Sink
) -> None:
    """Submits, bad input, pastes, webhooks, faults of ours, of a model, of a worker."""
    stack, wire = place.stack, Wire()
    parts = [stack.api(), stack.upkeep_worker(), stack.beat(), stack.flower()]
    for spec in (*parts, stack.webhooks_worker()):
        place.start(chatty(spec))
    champion = store.card(store.resolve("champion"))
    house = {**champion.schema.example, **ODD}
    with connection.connect(place.redis.url, role="worker") as redis:
        api_keys = ApiKeys(redis)
        scopes = ["predict", "read", "webhooks"]
        token, _ = api_keys.create(tenant="acme", scopes=scopes)
        root, _ = api_keys.create(tenant="operator", scopes=["operate", "read"])
        customer, operator = (Customer(stack.port, one) for one in (token, root))
        wait_until(customer.is_served)

        with wire.tapped(redis):
            made = operator.call(
                "POST", "/v1/keys", {"tenant": "acme", "scopes": ["read"]}
            )[1]
            pasted = _paste(operator, made["token"])
            job = customer.submit(house, webhook=_hook(sink))[1]
            messages = _messages(redis)
            for spec in stack.prediction_workers():
                place.start(chatty(spec))
            wait_until(lambda: customer.poll(job["id"])[1]["status"] == "succeeded")
            signing = _subscribe(customer, sink)
            wait_until(lambda: job["id"] in _told(sink))
            _misuse(customer, house, token)
            _fail(customer, redis, house, champion.version)
            redis.hset(keys.job_key(job["id"]), "created", f"{ODD['lat']}")
            assert customer.poll(job["id"])[0] == 500
            argv = command_lines()
        stored = redis.hgetall(keys.API_KEYS)
    files = _files(place.redis.folder)
    place.end()

    secrets = [
        *(one.rpartition("_")[2] for one in (token, root, made["token"])),
        *(secret_key, *place.redis.passwords.values(), stack.flower_password),
        *(one.removeprefix("whsec_") for one in signing),
    ]
    hooks = [HOOK_PATH, HOOK_QUERY]
    houses = [*map(str, ODD.values()), LABEL]
    assert len(stored) == 3
    places = {f"log of {name}": text for name, text in place.logs().items()}
    # The log of accesses, which is off unless somebody asks for it, has paths in it.
    for path in pasted:
        assert path in places["log of api"]
        places["log of api"] = places["log of api"].replace(path, "")
    places |= {"messages": messages, "events": wire.text()}
    places |= {f"process {number}": line for number, line in argv.items()}
    # The records hold the houses: that is what they are for.
    assert any(LABEL in text for text in files.values())
    assert '"task-received"' in places["events"] or "task.multi" in places["events"]
    assert "request_failed" in places["log of api"]
    assert "audit " in places["log of api"]
    assert "DEBUG" in places["log of predictions-1"]
    assert "DEBUG" in places["log of webhooks"]
    for name, text in places.items():
        found = [one for one in (*secrets, *houses, *hooks, ORDER) if one in text]
        assert found == [], name
    for name, text in files.items():
        assert [one for one in secrets if one in text] == [], name


def _messages(redis: redis_py.Redis) -> str:
    """Return what waits in the lane, and the proof that something does."""
    waiting: Any = redis.lrange(keys.PREDICTIONS, 0, -1)
    assert waiting
    return b"\n".join(waiting).decode()


def _paste(operator: Customer, token: str) -> list[str]:
    """Revoke a key by its token, whole and damaged; return the paths."""
    paths = [f"/v1/keys/{one}/revoke" for one in (token, f"{token}x")]
    assert [operator.call("POST", path)[0] for path in paths] == [200, 404]
    return paths


def _hook(sink: Sink) -> str:
    return f"http://127.0.0.1:{sink.port}{HOOK_PATH}?{HOOK_QUERY}"


def _told(sink: Sink) -> str:
    return b"\n".join(one.body for one in sink.received).decode()


def _subscribe(customer: Customer, sink: Sink) -> list[str]:
    """Register an endpoint and try it out; return all secrets that sign for it."""

    def called(method: str, path: str, body: Any = None) -> Any:
        status, answer = customer.call(method, f"/v1/{path}", body)
        assert status < 300, answer
        return answer

    hook = called("POST", "webhooks", {"url": _hook(sink)})
    rotated = called("POST", f"webhooks/{hook['id']}/rotate-secret")
    tried = called("POST", f"webhooks/{hook['id']}/test")["id"]
    wait_until(lambda: tried and called("GET", f"deliveries/{tried}")["attempts"])
    default = called("GET", "webhooks/default/secret")
    found = [hook["secret"], rotated["secret"], default["key"]]
    assert all(one.startswith("whsec_") for one in found)
    return found


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
        # Right after its start a process has none for a moment.
        wait_until(lambda: command_lines()[str(process.pid)])
        line = command_lines()[str(process.pid)]
        process.communicate(b"\n")

    assert str(ODD["lat"]) in line

"""The API behind its real server, and one request to it."""

import contextlib
import http.client
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis as redis_py

from api.server import PROCESSES
from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system.installation import Installation
from worker import connection
from worker.credentials import ApiKeys
from worker.keys import PREDICTIONS, finished_channel
from worker.leases import Completion
from worker.ledger import Ledger
from worker.settings import WorkerSettings
from worker.supervision.child import Child, ChildSpec


@dataclass(frozen=True)
class Reply:
    """What came back, and after how long."""

    status: int
    headers: dict[str, str]
    body: Any
    seconds: float


@dataclass(frozen=True)
class Server:
    """A running API."""

    process: Child
    port: int
    token: str
    redis: redis_py.Redis
    house: dict[str, Any]

    def call(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        **headers: str,
    ) -> Reply:
        """Send one request on a connection of its own."""
        started = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        with contextlib.closing(connection):
            # A refusal may come, and the connection end, before all of a body is sent.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read()
        received = {name.lower(): value for name, value in answer.getheaders()}
        content = json.loads(text) if text else None
        return Reply(answer.status, received, content, time.monotonic() - started)

    def submit(self, **headers: str) -> Reply:
        """Submit the house."""
        body = json.dumps({"input": self.house}).encode()
        kind = {"Content-Type": "application/json"}
        return self.call("POST", "/v1/predictions", body, **kind, **headers)

    def listeners(self) -> int:
        """Return how many server processes hear of finished jobs."""
        found: Any = self.redis.pubsub_numsub(finished_channel(self.redis))
        return int(found[0][1])

    def looks(self) -> int:
        """Return how often anybody has read a job."""
        told: Any = self.redis.info("commandstats")
        return int(told.get("cmdstat_hgetall", {}).get("calls", 0))

    def redis_pid(self) -> int:
        """Return the process of Redis."""
        information: Any = self.redis.info("server")
        return int(information["process_id"])

    def finish(self) -> int:
        """Do a worker's work for every waiting job."""
        book = Ledger(self.redis, WorkerSettings())
        leases = book.claim(PREDICTIONS, limit=500, worker="test").leases
        done = [Completion(lease=lease, output=b"{}") for lease in leases]
        book.complete(PREDICTIONS, done)
        return len(leases)


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Stop a process and let it go on afterwards."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def running(
    place: Installation, spec: ChildSpec, store: ModelStore, *, redis_url: str = ""
) -> Iterator[Server]:
    """Start an API of an installation, and hand it over when it serves."""
    with connection.connect(redis_url or place.redis.url, role="worker") as client:
        token, _ = ApiKeys(client).create(tenant="acme", scopes=["predict", "read"])
        house = store.card(store.resolve("champion")).schema.example
        process = place.start(spec)
        server = Server(process, place.stack.port, token, client, dict(house))
        wait_until(lambda: server.listeners() == PROCESSES)
        yield server

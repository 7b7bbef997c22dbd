"""Batches in real processes: killed workers cost their chunk, and no row."""

import csv
import http.client
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis as redis_py

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system.installation import Installation, in_a_hurry
from worker import connection
from worker.batches import Batches
from worker.credentials import ApiKeys
from worker.keys import BATCHES, job_key, lane_key
from worker.settings import WorkerSettings
from worker.supervision.child import ChildSpec

_ROWS, _OF_A_CHUNK = 600, 100
#: Seconds for a worker to start and to load a model, where all is tested at once.
_PATIENCE_S = 240


class Service:
    """An API that takes batches, and what a test looks at behind it."""

    def __init__(self, place: Installation, redis: redis_py.Redis) -> None:
        self.place = place
        self.redis: Any = redis
        self._batches = Batches(redis, WorkerSettings(redis_url=place.redis.url))
        token, _ = ApiKeys(redis).create(tenant="acme", scopes=["predict", "read"])
        self._key = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        """Ask the API; return status and body."""
        line = http.client.HTTPConnection("127.0.0.1", self.place.stack.port)
        try:
            line.request(method, path, body, {**self._key, "Content-Type": "text/csv"})
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        finally:
            line.close()

    def counts(self, batch: str) -> tuple[int, int]:
        """Return how many rows have prices, and how many errors."""
        found = self._batches.find("acme", batch)
        return found.completed, found.failed

    def in_hand(self) -> list[str]:
        """Return the chunks that a worker has in hand."""
        held = self.redis.zrange(lane_key("running", BATCHES), 0, -1)
        return [one.decode() for one in held]

    def attempts(self, batch: str) -> list[tuple[str, int]]:
        """Return state and attempts of each chunk."""
        found = []
        for number in range(1, _ROWS // _OF_A_CHUNK + 1):
            job = job_key(f"{batch}-{number}")
            state, attempts = self.redis.hmget(job, "state", "attempts")
            found.append((state.decode(), int(attempts or 0)))
        return found


def _with(spec: ChildSpec, **settings: str) -> ChildSpec:
    more = {f"KERBSIDE_{name.upper()}": value for name, value in settings.items()}
    return replace(spec, environment={**spec.environment, **more})


@pytest.fixture
def service(place: Installation) -> Iterator[Service]:
    """Run API and upkeep; the workers of batches are the test's."""
    stack = place.stack
    for spec in (stack.api(), stack.upkeep_worker(), stack.beat()):
        place.start(_with(spec, lease_s="2", batch_chunk_rows=str(_OF_A_CHUNK)))
    with connection.connect(place.redis.url, role="worker") as client:
        found = Service(place, client)
        wait_until(lambda: _answers(found), timeout_s=_PATIENCE_S)
        yield found


def _answers(service: Service) -> bool:
    try:
        return service.ask("GET", "/readyz")[0] == 200
    except OSError:
        return False


def _table(store: ModelStore) -> str:
    """Return a table with a bad row in it, the hundredth."""
    house = store.card(store.resolve("champion")).schema.example
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["custom_id", *house])
    for number in range(1, _ROWS + 1):
        changed = {"bedrooms": "x"} if number == 100 else {}
        writer.writerow([f"row-{number}", *{**house, **changed}.values()])
    return text.getvalue()


def test_killed_workers_cost_their_chunk_and_no_row(
    service: Service, store: ModelStore
) -> None:
    """What had ended is not priced again, and each row comes once, in order."""
    place = service.place
    worker = _with(in_a_hurry(place.stack.batches_worker()), lease_s="2")
    status, body = service.ask("POST", "/v1/batches", _table(store))
    assert status == 202, body
    batch = json.loads(body)["id"]

    first = place.start(worker)
    wait_until(service.in_hand, timeout_s=_PATIENCE_S)
    first.kill()
    second = place.start(worker)
    wait_until(lambda: service.counts(batch)[0] > 0, timeout_s=_PATIENCE_S)
    second.kill()
    before = service.attempts(batch)
    place.start(worker)
    wait_until(lambda: sum(service.counts(batch)) == _ROWS, timeout_s=_PATIENCE_S)

    assert service.counts(batch) == (_ROWS - 1, 1)
    after = service.attempts(batch)
    assert {state for state, _ in after} == {"succeeded"}
    assert after[0][1] == 2
    ended = [at for at, (state, _) in enumerate(before) if state == "succeeded"]
    assert ended
    assert [after[at] for at in ended] == [before[at] for at in ended]
    _, results = service.ask("GET", f"/v1/batches/{batch}/results")
    names = [json.loads(line)["custom_id"] for line in results.splitlines()]
    assert names == [f"row-{n}" for n in range(1, _ROWS + 1) if n != 100]
    _, errors = service.ask("GET", f"/v1/batches/{batch}/errors")
    assert [json.loads(line)["line"] for line in errors.splitlines()] == [101]


def test_redis_holds_no_row_and_refuses_its_users_nothing(
    service: Service, store: ModelStore
) -> None:
    """A batch is a record and a job a chunk, within the rights of each process."""
    place = service.place
    place.start(in_a_hurry(place.stack.batches_worker()))
    _, body = service.ask("POST", "/v1/batches", _table(store))
    batch = json.loads(body)["id"]
    wait_until(lambda: sum(service.counts(batch)) == _ROWS, timeout_s=_PATIENCE_S)

    sizes = [service.redis.memory_usage(name) for name in service.redis.keys("*bat_*")]
    assert len(sizes) == 1 + 2 * _ROWS // _OF_A_CHUNK
    # A chunk of rows would be fifteen times as much.
    assert max(sizes) < 4000
    assert service.redis.acl_log() == []

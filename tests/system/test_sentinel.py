"""A whole installation whose Redis sentinels watch: the primary goes, it stays."""

import base64
import contextlib
import http.client
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import api_server, installation, watched_redis
from tests.system.api_server import Reply, Server
from tests.system.installation import Installation
from tests.system.watched_redis import MASTER, Watched
from worker.keys import PREDICTIONS, lane_key
from worker.supervision import ports
from worker.supervision.aclfile import DEFAULT
from worker.supervision.child import Child

#: Houses that wait while the primary dies.
_HOUSES = 20


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Run the servers and their sentinels; nothing was denied to anybody."""
    with watched_redis.running(tmp_path_factory.mktemp("watched") / "redis") as watched:
        yield watched
        for port in watched.servers:
            with watched.admin(port) as client:
                assert client.acl_log() == []


@pytest.fixture(scope="module")
def place(
    store: ModelStore, tmp_path_factory: pytest.TempPathFactory, watched: Watched
) -> Iterator[Installation]:
    """Return an installation whose processes know the sentinels and no server."""
    folder = tmp_path_factory.mktemp("sentinel") / "var"
    with installation.running(folder, store) as other:
        stack = replace(other.stack, redis_url_of=watched.url_of)
        place = Installation(stack, other.redis)
        try:
            yield place
        finally:
            place.end()


@pytest.fixture(scope="module")
def worker(place: Installation) -> Child:
    """Run all but the API; return the worker that prices."""
    (worker,) = (place.start(spec) for spec in place.stack.prediction_workers())
    for spec in (place.stack.upkeep_worker(), place.stack.beat()):
        place.start(spec)
    place.start(place.stack.flower())
    return worker


@pytest.fixture(scope="module")
def server(
    place: Installation, store: ModelStore, watched: Watched, worker: Child
) -> Iterator[Server]:
    """Run the API once the worker prices."""
    spec = place.stack.api()
    url = watched.url_of(DEFAULT)
    with api_server.running(place, spec, store, redis_url=url) as server:
        assert server.submit(Prefer="wait=60").body["status"] == "succeeded"
        yield server


def test_the_death_of_the_primary_costs_no_house_and_stops_nobody(
    place: Installation, server: Server, watched: Watched, worker: Child
) -> None:
    """What had reached the replica is priced once; all processes find the new one."""
    old, before = watched.primary(), _done(server)
    with api_server.frozen(worker.pid):
        waiting = [server.submit().body["id"] for _ in range(_HOUSES)]
        with watched.admin(old) as client:
            assert client.wait(1, 10_000) == 1
        wait_until(lambda: _counted(place) == _HOUSES, "Flower, which counts")
        watched.kill(old)
        key = {"Idempotency-Key": str(uuid.uuid4())}
        assert server.submit(**key).status == HTTPStatus.SERVICE_UNAVAILABLE
        wait_until(lambda: watched.primary() != old)

    during = _until_taken(server, key)
    assert {_ended(server, job)["status"] for job in waiting} == {"succeeded"}
    assert {_ended(server, job)["attempts"] for job in waiting} <= {1, 2}
    assert _ended(server, during.body["id"])["status"] == "succeeded"
    again = server.submit(**key)
    assert again.body["id"] == during.body["id"]
    assert _done(server) - before == _HOUSES + 1
    _goes_on(place, server)
    watched.restart(old)


def test_a_primary_that_lost_its_role_is_left_for_the_new_one(
    place: Installation, server: Server, watched: Watched
) -> None:
    """A failover that somebody ordered: the old one lives on, and takes no writes."""
    old = watched.primary()
    with watched.sentinel() as client:
        assert client.execute_command("SENTINEL FAILOVER", MASTER)
    wait_until(lambda: watched.primary() != old)
    key = {"Idempotency-Key": str(uuid.uuid4())}

    job = _until_taken(server, key).body["id"]

    assert _ended(server, job)["status"] == "succeeded"
    _goes_on(place, server)


def _until_taken(server: Server, key: dict[str, str]) -> Reply:
    """Repeat a submit as a good client does, with its key."""
    replies: list[Reply] = []

    def taken() -> bool:
        replies.append(server.submit(**key))
        return replies[-1].status == HTTPStatus.ACCEPTED

    wait_until(taken)
    return replies[-1]


def _ended(server: Server, job: str) -> Any:
    """Return a job once it has ended."""
    replies: list[Any] = []

    def ended() -> bool:
        replies.append(server.call("GET", f"/v1/predictions/{job}").body)
        return replies[-1].get("completed_at") is not None

    wait_until(ended)
    return replies[-1]


def _done(server: Server) -> int:
    """Return how many results were written, each time that one was."""
    told: Any = server.redis.hgetall(lane_key("outcomes", PREDICTIONS))
    return sum(map(int, told.values()))


def _goes_on(place: Installation, server: Server) -> None:
    """Waiting requests are woken, the ledger is tended, and Flower counts."""
    assert server.submit(Prefer="wait=60").body["status"] == "succeeded"
    tended = lane_key("upkeep", PREDICTIONS)
    before = server.redis.get(tended)
    wait_until(lambda: server.redis.get(tended) not in (None, before), "more upkeep")
    wait_until(lambda: _counted(place) == 0, "Flower, which counts")


def _counted(place: Installation) -> int | None:
    """Return how many houses Flower says to wait."""
    link = http.client.HTTPConnection(
        ports.LOOPBACK, place.stack.flower_port, timeout=30
    )
    login = base64.b64encode(b"kerbside:hunter2").decode()
    sent = {"Authorization": f"Basic {login}"}
    with contextlib.closing(link), contextlib.suppress(OSError):
        link.request("GET", "/api/queues/length", headers=sent)
        answer = link.getresponse()
        if answer.status == HTTPStatus.OK:
            queues = json.loads(answer.read())["active_queues"]
            return {one["name"]: one["messages"] for one in queues}.get(PREDICTIONS)
    return None

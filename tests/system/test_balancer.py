"""Two API servers behind one balancer, as on two hosts: clients see one."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http.client import HTTPException

import pytest

from api.server import PROCESSES
from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import api_server, balancer
from tests.system.api_server import Reply, Server
from tests.system.balancer import Balancer
from tests.system.installation import Installation
from worker.supervision import ports
from worker.supervision.child import ChildSpec

PUBLIC_URL = "https://prices.example.org"


@dataclass(frozen=True)
class Pair:
    """Two servers, and both through the balancer."""

    one: Server
    other: Server
    both: Server
    balancer: Balancer


@pytest.fixture
def pair(store: ModelStore, place: Installation) -> Iterator[Pair]:
    """Run two servers on one Redis, and the balancer before them."""
    port = ports.find_free()
    second = replace(place.stack, port=port).api()
    second = replace(second, name="api-2", log=place.stack.state.log("api-2"))
    with api_server.running(place, _public(place.stack.api()), store) as one:
        process = place.start(_public(second))
        other = replace(one, process=process, port=port)
        wait_until(lambda: one.listeners() == 2 * PROCESSES)
        with balancer.running([one.port, other.port]) as front:
            yield Pair(one, other, replace(one, port=front.port), front)


def _public(spec: ChildSpec) -> ChildSpec:
    return replace(
        spec, environment={**spec.environment, "KERBSIDE_PUBLIC_URL": PUBLIC_URL}
    )


def _put(server: Server, job_id: str, **changes: object) -> Reply:
    body = json.dumps({"input": {**server.house, **changes}}).encode()
    kind = {"Content-Type": "application/json"}
    return server.call("PUT", f"/v1/predictions/{job_id}", body, **kind)


def test_what_one_was_told_the_other_knows(pair: Pair) -> None:
    """Poll, tag, key and cancel: whichever server answers."""
    job = pair.one.submit(**{"Idempotency-Key": "order-7"}).body
    path = f"/v1/predictions/{job['id']}"

    repeat = pair.other.submit(**{"Idempotency-Key": "order-7"})
    canceled = pair.other.call("POST", f"{path}/cancel")
    polls = [server.call("GET", path) for server in (pair.one, pair.other)]
    tag = {"If-None-Match": polls[0].headers["etag"]}
    known = pair.other.call("GET", path, None, **tag)

    assert repeat.body["id"] == job["id"]
    assert repeat.headers["idempotency-replayed"] == "true"
    assert job["urls"]["get"] == f"{PUBLIC_URL}{path}"
    assert canceled.body["status"] == "canceled"
    assert polls[0].body == polls[1].body == canceled.body
    assert polls[0].headers["etag"] == polls[1].headers["etag"]
    assert known.status == 304


def test_an_id_of_the_clients_own_is_one_job(pair: Pair) -> None:
    """Put, put again, put another house, retry and delete, here and there."""
    job_id = str(uuid.uuid4())
    path = f"/v1/predictions/{job_id}"

    statuses = [
        _put(pair.one, job_id).status,
        _put(pair.other, job_id).status,
        _put(pair.other, job_id, grade=9).status,
        pair.one.call("POST", f"{path}/cancel").status,
        pair.other.call("POST", f"{path}/retry").status,
        pair.one.call("DELETE", path).status,
        pair.other.call("GET", path).status,
    ]

    assert statuses == [202, 200, 409, 200, 202, 204, 410]


def test_who_waits_at_one_is_woken_by_what_was_submitted_at_the_other(
    pair: Pair,
) -> None:
    """At once, and not at the next look."""
    jobs = [pair.one.submit().body["id"] for _ in range(10)]
    before = pair.one.looks()
    with ThreadPoolExecutor(10) as pool:
        waiting = [
            pool.submit(
                pair.other.call, "GET", f"/v1/predictions/{job}", Prefer="wait=20"
            )
            for job in jobs
        ]
        # Who waits is registered before it looks at its job for the first time.
        wait_until(lambda: pair.one.looks() >= before + len(jobs))
        pair.one.finish()
        replies = [reply.result() for reply in waiting]

    assert {reply.body["status"] for reply in replies} == {"succeeded"}
    assert max(reply.seconds for reply in replies) < 5


def test_pages_lead_on_at_the_other(pair: Pair) -> None:
    """A list read through the balancer holds each prediction once."""
    jobs = [pair.both.submit().body["id"] for _ in range(7)]
    seen, path = [], "/v1/predictions?limit=2"

    while path:
        page = pair.both.call("GET", path).body
        seen += [job["id"] for job in page["results"]]
        path = (page["next"] or "").removeprefix(PUBLIC_URL)

    assert seen == jobs[::-1]
    given = pair.balancer.given
    assert abs(given[pair.one.port] - given[pair.other.port]) <= 1


def test_a_server_that_is_killed_loses_nothing(pair: Pair, place: Installation) -> None:
    """Who got no answer repeats with the same key, and each key has one job."""
    with ThreadPoolExecutor(8) as pool:
        submitted = [
            pool.submit(_submit_until_taken, pair, f"order-{number}")
            for number in range(200)
        ]
        wait_until(lambda: sum(one.done() for one in submitted) >= 50)
        pair.other.process.kill()
        jobs = [one.result() for one in submitted]

    polls = [pair.both.call("GET", f"/v1/predictions/{job}") for job in jobs]
    assert {poll.status for poll in polls} == {200}
    assert len(set(jobs)) == len(jobs) == pair.one.finish()
    assert "Traceback" not in "".join(place.logs().values())


def _submit_until_taken(pair: Pair, key: str) -> str:
    while True:
        try:
            reply = pair.both.submit(**{"Idempotency-Key": key})
        except (OSError, HTTPException):
            continue
        assert reply.status == 202
        return str(reply.body["id"])

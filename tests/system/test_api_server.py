"""The API behind its real server: two processes, real sockets, a Redis that fails."""

import contextlib
import http.client
import json
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from api.request_body import can_explain
from api.schemas import Output
from api.server import PROCESSES
from api.settings import WAITERS
from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import api_server
from tests.system.api_server import Server, frozen
from tests.system.installation import Installation
from worker.keys import PREDICTIONS
from worker.supervision import ports

#: What an answer may take while Redis is away: 1 s, and a busy machine's share.
SOON_S = 1.3


def test_a_house_goes_in_and_a_result_comes_out(server: Server) -> None:
    """Submit, poll, wait: through real sockets and both processes."""
    job = server.submit().body
    assert job["status"] == "starting"
    assert server.finish() == 1

    polls = [server.call("GET", f"/v1/predictions/{job['id']}") for _ in range(10)]

    assert {poll.body["status"] for poll in polls} == {"succeeded"}
    assert len({poll.headers["etag"] for poll in polls}) == 1


@pytest.mark.skipif(not can_explain(), reason="needs the extra `explain`")
def test_the_base_times_the_effects_of_the_reasons_is_the_price(
    server: Server, place: Installation
) -> None:
    """Whoever asks for reasons gets all of them, from a real worker."""
    for worker in place.stack.prediction_workers():
        place.start(worker)
    body = json.dumps({"input": server.house, "explain": True}).encode()
    kind = {"Content-Type": "application/json"}

    job = server.call("POST", "/v1/predictions", body, Prefer="wait=60", **kind).body

    output = Output.model_validate_json(json.dumps(job["output"]))
    assert output.base
    assert output.reasons
    told = output.base * math.prod(1 + one.effect for one in output.reasons)
    # Base and price are told in whole dollars.
    assert told == pytest.approx(output.price, abs=0.5 + output.price / output.base)


def test_each_process_hears_of_finished_jobs(server: Server) -> None:
    """A waiter is woken whichever process serves it."""
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(server.submit, Prefer="wait=20") for _ in range(20)]
        wait_until(lambda: server.redis.llen(PREDICTIONS) == 20)
        server.finish()
        replies = [reply.result() for reply in waiting]

    assert {reply.status for reply in replies} == {201}
    assert {reply.headers["preference-applied"] for reply in replies} == {"wait=20"}
    assert max(reply.seconds for reply in replies) < 5


def test_waiters_leave_threads_for_everybody_else(server: Server) -> None:
    """250 requests that want to wait; others are served meanwhile."""
    with ThreadPoolExecutor(250) as pool:
        waiting = [pool.submit(server.submit, Prefer="wait=20") for _ in range(250)]
        wait_until(lambda: server.redis.llen(PREDICTIONS) == 250)
        others = [server.call("GET", "/v1/predictions?limit=1") for _ in range(20)]
        server.finish()
        replies = [reply.result() for reply in waiting]

    assert {reply.status for reply in others} == {200}
    assert max(reply.seconds for reply in others) < 2
    assert {reply.status for reply in replies} <= {201, 202}
    held = [reply for reply in replies if reply.status == 201]
    assert WAITERS <= len(held) <= 2 * WAITERS


def test_a_frozen_redis_is_503_within_a_second_and_recovers(server: Server) -> None:
    """However many ask at once; what needs no Redis is served as ever."""
    job = server.submit().body
    path = f"/v1/predictions/{job['id']}"

    with frozen(server.redis_pid()), ThreadPoolExecutor(300) as pool:
        asked = [pool.submit(server.call, "GET", path) for _ in range(290)]
        asked += [pool.submit(server.submit) for _ in range(10)]
        health = [server.call("GET", "/healthz") for _ in range(5)]
        replies = [reply.result() for reply in asked]
        later = [server.call("GET", path) for _ in range(5)]
        ready = server.call("GET", "/readyz")

    for reply in [*replies, *later]:
        assert reply.status == 503
        assert reply.body["type"] == "urn:kerbside:problem:job-store-unavailable"
        assert int(reply.headers["retry-after"]) >= 1
    assert max(reply.seconds for reply in [*replies, *later, ready]) < SOON_S
    assert ready.status == 503
    assert {reply.status for reply in health} == {200}
    assert max(reply.seconds for reply in health) < SOON_S
    wait_until(lambda: server.call("GET", path).status == 200, timeout_s=4)
    wait_until(lambda: server.submit().status == 202, timeout_s=4)


def test_a_lost_connection_is_made_anew(server: Server) -> None:
    """Clients that Redis dropped do not show."""
    job = server.submit().body
    for kind in ("normal", "pubsub"):
        server.redis.client_kill_filter(_type=kind, skipme=True)

    replies = [server.call("GET", f"/v1/predictions/{job['id']}") for _ in range(20)]

    assert {reply.status for reply in replies} == {200}
    wait_until(lambda: server.listeners() == PROCESSES)


def test_a_stop_answers_who_waits(server: Server) -> None:
    """A rolling restart holds nobody for a minute and drops nobody."""
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(server.submit, Prefer="wait=30") for _ in range(8)]
        wait_until(lambda: server.redis.llen(PREDICTIONS) == 8)
        server.process.terminate()
        replies = [reply.result() for reply in waiting]

    assert {reply.status for reply in replies} == {202}
    wait_until(server.process.has_ended, timeout_s=8)
    assert server.process.exit_code == 0


def test_the_command_becomes_the_server(store: ModelStore, place: Installation) -> None:
    """A signal sent to it is the server's, and it leaves no process behind."""
    port = place.stack.port
    words = ("serve", f"--port={port}", f"--processes={PROCESSES}")
    spec = replace(place.stack.api(), command=(sys.executable, "-m", "api", *words))

    with api_server.running(place, spec, store) as server:
        ready = server.call("GET", "/readyz")
        server.process.terminate()
        wait_until(server.process.has_ended, timeout_s=10)

    assert ready.status == 200
    assert server.process.exit_code == 0
    assert server.listeners() == 0
    assert ports.is_free(port)


def test_a_body_in_chunks_is_read_and_bounded(server: Server) -> None:
    """Its length is not announced, so it is counted."""
    body = json.dumps({"input": server.house}).encode()
    kind = {"Content-Type": "application/json"}
    path = "/v1/predictions"

    good = server.call("POST", path, iter([body[:50], body[50:]]), **kind)
    large = server.call("POST", path, iter([b" " * 65536] * 40), **kind)

    assert good.status == 202
    assert large.status == 413


def test_a_head_request_has_no_body(server: Server) -> None:
    """Also through the real server, whose connection goes on."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with contextlib.closing(connection):
        for method in ("HEAD", "GET", "HEAD", "GET"):
            connection.request(method, "/healthz")
            answer = connection.getresponse()
            assert answer.status == 200
            assert bool(answer.read()) is (method == "GET")

"""What the logs of an installation must never hold."""

import contextlib
import http.client
import json
import os
import signal
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system.installation import Installation
from worker import connection, keys
from worker.credentials import ApiKeys
from worker.jobs import Submission
from worker.queue import Queue
from worker.settings import WorkerSettings
from worker.supervision import ports

#: Values of a house that nothing else on this machine would log.
ODD = {"lat": 47.512349871, "long": -122.313173317, "sqft_lot15": 7620391}
LABEL, ORDER = "712-Elm-Street", "order-of-the-lake-villa"
#: Seconds for which Redis answers nobody: longer than the API waits.
FREEZE_S = 2.0


class Customer:
    """Submits and polls through the API, whatever it answers."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._key = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send a request."""
        content = {"Content-Type": "application/json", "Idempotency-Key": ORDER}
        link = http.client.HTTPConnection(ports.LOOPBACK, self._port, timeout=30)
        with contextlib.closing(link):
            text = None if body is None else json.dumps(body)
            link.request(method, path, text, {**content, **self._key})
            answer = link.getresponse()
            return answer.status, json.loads(answer.read())

    def submit(self, house: dict[str, Any], **more: str) -> tuple[int, Any]:
        """Submit a house."""
        order = {"input": house, "metadata": {"address": LABEL}, **more}
        return self.call("POST", "/v1/predictions", order)

    def poll(self, job_id: str) -> tuple[int, Any]:
        """Read a prediction."""
        return self.call("GET", f"/v1/predictions/{job_id}")

    def is_served(self) -> bool:
        """Tell whether submits are taken."""
        with contextlib.suppress(OSError):
            return self.call("GET", "/readyz")[0] == 200
        return False


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_log_holds_a_house_a_key_or_a_password(
    place: Installation, store: ModelStore, form: str
) -> None:
    """Neither while all is well nor when Redis, a house or a record is at fault."""
    stack = place.stack
    parts = [stack.api(), stack.upkeep_worker(), stack.beat(), stack.flower()]
    for spec in (*parts, *stack.prediction_workers()):
        logged = {"KERBSIDE_LOG_FORMAT": form, "KERBSIDE_LOG_LEVEL": "info"}
        place.start(replace(spec, environment={**spec.environment, **logged}))
    champion = store.card(store.resolve("champion"))
    house = {**champion.schema.example, **ODD}
    with connection.connect(place.redis.url, role="worker") as redis:
        token, _ = ApiKeys(redis).create(tenant="acme", scopes=["predict", "read"])
        customer = Customer(place.stack.port, token)
        queue = Queue(redis, WorkerSettings())
        wait_until(customer.is_served)

        status, job = customer.submit(house)
        assert status in {201, 202}
        wait_until(lambda: customer.poll(job["id"])[1]["status"] == "succeeded")
        assert customer.submit({**house, "long": "west"})[0] == 422
        _freeze(int(redis.info("server")["process_id"]), customer, job["id"], house)
        wait_until(lambda: customer.poll(job["id"])[0] == 200)
        poor = unpriceable(house, champion.version)
        queue.submit(poor)
        wait_until(lambda: queue.find("acme", poor.id).state.is_terminal)
        redis.hset(keys.job_key(job["id"]), "created", f"{ODD['lat']}")
        wait_until(lambda: customer.poll(job["id"])[0] == 500)
    place.end()

    logs = place.logs()
    assert {"api", "predictions-1", "upkeep", "beat", "flower"} <= logs.keys()
    assert "request_failed" in logs["api"]
    assert "redis_failed" in logs["api"]
    assert "model_error" in logs["predictions-1"]
    secrets = [*map(str, ODD.values()), LABEL, ORDER, token, token.rpartition("_")[2]]
    secrets += [*place.redis.passwords.values(), place.stack.flower_password]
    for name, text in logs.items():
        assert [secret for secret in secrets if secret in text] == [], name
    if form == "json":
        _say_what_they_are_about(logs, failed=poor.id, polled=job["id"])
    else:
        assert f"model_error job_id={poor.id}" in logs["predictions-1"]


def _say_what_they_are_about(
    logs: Mapping[str, str], *, failed: str, polled: str
) -> None:
    """Hold each line of each process of ours to be an object with its usual fields."""
    lines = {
        name: [json.loads(line) for line in text.splitlines()]
        for name, text in logs.items()
        if name != "redis"
    }
    for name, told in lines.items():
        for line in told:
            assert {"time", "level", "logger", "pid", "event"} <= line.keys(), name
            assert line["time"].endswith("Z")
    (error,) = _events(lines["predictions-1"], "model_error")
    assert (error["job_id"], error["lane"]) == (failed, "predictions")
    assert "in _predict" in error["frames"]
    fault = _events(lines["api"], "request_failed")[0]
    assert fault["job_id"] == polled
    assert fault["request_id"]
    assert fault["operation"] == "predictions.fetch"


def _events(lines: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == name]


def _freeze(pid: int, customer: Customer, job_id: str, house: dict[str, Any]) -> None:
    """Let Redis answer nobody for a while, in which it is asked."""
    os.kill(pid, signal.SIGSTOP)
    try:
        until = time.monotonic() + FREEZE_S
        while time.monotonic() < until:
            assert customer.poll(job_id)[0] == 503
            assert customer.submit(house)[0] == 503
    finally:
        os.kill(pid, signal.SIGCONT)


def unpriceable(house: dict[str, Any], version: str) -> Submission:
    """Return a house that the API would refuse: the model's own words quote it."""
    wrong = {**house, "sqft_living": f"{ODD['sqft_lot15']} feet"}
    return Submission(
        id=str(uuid.uuid4()),
        tenant="acme",
        model="king-county",
        version=version,
        input=json.dumps(wrong).encode(),
    )

"""Laws of the operator's commands, on real processes."""

import functools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest
import redis as redis_py

from api.launcher.stack import Stack
from api.settings import child_environment
from tests.patience import PATIENCE_S, wait_until
from tests.system.conftest import Start, Submit
from tests.system.installation import Installation, in_a_hurry
from tests.worker.conftest import tend
from worker import keys, ledger, queue, redis_acl
from worker.connection import connect
from worker.jobs import Job, State
from worker.keys import PREDICTIONS
from worker.settings import WorkerSettings
from worker.supervision import secretfile
from worker.supervision.embedded import EmbeddedRedis
from worker.webhooks.sealing import new_key

#: `kerbside` as a terminal starts it: where the tests run in the background, their
#: children ignore Ctrl-C.
_INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from api.cli import main
main(prog_name="kerbside")
"""

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(settings: WorkerSettings, redis_server: EmbeddedRedis) -> Command:
    """Return a function that runs `kerbside` on the test's Redis and model store."""
    url = redis_server.url_of(redis_acl.OPERATOR)
    settings = settings.model_copy(update={"redis_url": url})
    environment = settings.to_environ("redis_url", "store_url", "trusted_keys")
    return functools.partial(_run, child_environment(**environment))


def _run(
    environment: dict[str, str], *words: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api", *words],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_doctor_finds_nothing_until_something_is_wrong(place: Installation) -> None:
    """What it says is true before a fault, during it and after it."""
    stack = place.stack
    for spec in (*stack.prediction_workers(), stack.upkeep_worker(), stack.beat()):
        place.start(spec)
    secretfile.write(stack.state.secret_keys, new_key())
    for spec in (stack.webhooks_worker(), in_a_hurry(stack.batches_worker())):
        place.start(spec)
    place.start(stack.api())
    stack.state.note_ports(api=stack.port)
    wait_until(lambda: _wrong(stack) == {})

    with connect(place.redis.url, role="worker") as client:
        (server,) = {int(client.info()["process_id"])}
    os.kill(server, signal.SIGSTOP)
    try:
        during = _wrong(stack)
    finally:
        os.kill(server, signal.SIGCONT)

    away = {"redis": "failed", "clock": "warning", "lanes": "warning"}
    away |= {"webhooks": "warning"}
    assert during.items() >= away.items()
    assert during["api ready"] == "failed"
    assert "model store" not in during
    wait_until(lambda: _wrong(stack) == {})


def _wrong(stack: Stack) -> dict[str, str]:
    done = _run(dict(stack.environment), "doctor", "--json")
    told = {one["check"]: one["status"] for one in json.loads(done.stdout)["findings"]}
    # How full this machine is, is none of the test's business.
    for check in ("memory", "disk", "packages"):
        told.pop(check)
    return {check: status for check, status in told.items() if status != "ok"}


def test_a_house_that_kills_its_workers_is_listed_replayed_and_discarded(
    start_worker: Start,
    submit: Submit,
    front_desk: queue.Queue,
    book: ledger.Ledger,
    redis: redis_py.Redis,
    command: Command,
) -> None:
    """It goes through an operator's hands as it would at work."""
    job = submit(kills=True)
    _bury(job, start_worker, front_desk, book, redis)

    listed = json.loads(command("dead-letters", "list", "--json").stdout)["results"]
    replayed = command("dead-letters", "replay", job.id)
    state = front_desk.find("acme", job.id).state
    _bury(job, start_worker, front_desk, book, redis)
    discarded = command("dead-letters", "discard", job.id)
    after = command("dead-letters", "list")

    assert [(one["id"], one["crashes"]) for one in listed] == [(job.id, 3)]
    assert (replayed.stdout, state) == ("1 replayed.\n", State.QUEUED)
    assert discarded.stdout == "1 discarded.\n"
    assert after.stdout == "No dead letters.\n"


def _bury(
    job: Job,
    start_worker: Start,
    front_desk: queue.Queue,
    book: ledger.Ledger,
    redis: redis_py.Redis,
) -> None:
    while not front_desk.find("acme", job.id).state.is_terminal:
        start_worker().wait(PATIENCE_S)
        redis.zadd(keys.lane_key("running", PREDICTIONS), {job.id: 1})
        tend(book, redis)


def test_ctrl_c_ends_a_command_that_waits() -> None:
    """At once, with the exit code that shells know, and without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-c", _INTERRUPTIBLE, "doctor", "--timeout", "600"],
            env=child_environment(
                KERBSIDE_REDIS_URL=f"redis://127.0.0.1:{port}/0",
                KERBSIDE_PUBLIC_URL=f"http://127.0.0.1:{port}",
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        # Whoever connects has begun its checks.
        with silent.accept()[0]:
            process.send_signal(signal.SIGINT)
            told = process.communicate(timeout=60)

    assert process.returncode == 130
    assert told == (b"", b"\n")

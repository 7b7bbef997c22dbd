"""The load generator asks both stacks in the same way and notices what goes wrong."""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks import load
from benchmarks.load import LoadError, Target


@contextmanager
def _serving(polls: int, *, ending: str = "succeeded") -> Iterator[Target]:
    """Serve a stack that ends each job at its `polls`-th poll."""
    left: dict[str, int] = {}
    count = itertools.count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            job_id = f"job-{next(count)}"
            left[job_id] = polls
            self._answer(202, {"id": job_id})

        def do_GET(self) -> None:
            job_id = self.path.rsplit("/", 1)[1]
            left[job_id] -= 1
            status = "processing" if left[job_id] else ending
            self._answer(200, {"status": status, "output": {"price": 1}})

        def _answer(self, status: int, body: dict[str, object]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Write no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host, port = str(server.server_address[0]), int(server.server_address[1])
        yield Target(name="stub", host=host, port=port, path="/jobs")
        server.shutdown()


def _at_once() -> Iterator[float]:
    return itertools.repeat(0.0)


def test_every_job_is_polled_to_its_end() -> None:
    """Jobs, polls and latencies are counted, whatever the number of clients."""
    with _serving(polls=3) as target:
        seen = load.run(target, [{"a": 1}], jobs=7, clients=3, schedule=_at_once)

    assert (seen.jobs, seen.polls, seen.output) == (7, 21, {"price": 1})
    assert all(latency > 0 for latency in seen.latencies)


def test_a_job_that_fails_fails_the_run() -> None:
    """A stack that prices nothing must not look fast."""
    with (
        _serving(polls=1, ending="failed") as target,
        pytest.raises(LoadError, match="failed"),
    ):
        load.run(target, [{}], jobs=1, clients=1, schedule=_at_once)


def test_a_server_that_is_away_fails_the_run() -> None:
    """Nobody listens: the run ends and says whose fault it was."""
    target = Target(name="nobody", host="127.0.0.1", port=1, path="/")

    with pytest.raises(LoadError, match="nobody"):
        load.run(target, [{}], jobs=1, clients=1)


def test_pauses_double_up_to_the_longest() -> None:
    """The schedule is the same for both stacks: short at first, patient later."""
    pauses = list(itertools.islice(load.poll_schedule(), 8))

    assert pauses == pytest.approx([0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.25, 0.25])


def test_each_submit_has_a_key_of_its_own_if_asked_for() -> None:
    """Keys are never repeated, and never sent to a stack that knows none."""
    target = Target(name="x", host="x", port=1, path="/", sends_idempotency_key=True)
    plain = Target(name="x", host="x", port=1, path="/", headers={"A": "b"})

    keys = {target.headers_of_submit()["Idempotency-Key"] for _ in range(3)}

    assert len(keys) == 3
    assert plain.headers_of_submit() == {"A": "b"}

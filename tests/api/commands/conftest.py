"""Fixtures of the commands' tests."""

import csv
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.serving import make_server

from api.cli import main
from api.client import Client
from api.commands import pricing
from tests.api.conftest import Finish, Headers
from worker import redis_acl
from worker.supervision.embedded import EmbeddedRedis

Serve = Callable[[dict[str, tuple[int, bytes]]], int]
House = dict[str, Any]
Predict = Callable[..., Result]
Write = Callable[..., Path]


@pytest.fixture
def operator_url(redis_url: str, redis_server: EmbeddedRedis) -> str:
    """Return the address of the test's Redis for commands."""
    return redis_server.url_of(redis_acl.OPERATOR)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves answers by path and returns the port."""
    servers = []

    def serve(answers: dict[str, tuple[int, bytes]]) -> int:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answers[self.path]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_port

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """Return the address at which the application is served."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def worker(finish: Finish) -> Iterator[None]:
    """Price all houses that wait, with one and the same price."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.01):
            finish()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()


@pytest.fixture
def submitted(url: str, caller: Headers) -> Callable[[], int]:
    """Return a function that counts the houses which were submitted."""
    token = caller["Authorization"].removeprefix("Bearer ")

    def submitted() -> int:
        with Client(url, token) as client:
            return sum(1 for _ in client.list())

    return submitted


@pytest.fixture
def predict(url: str, caller: Headers, tmp_path: Path) -> Predict:
    """Return a function that runs the command."""
    token = caller["Authorization"].removeprefix("Bearer ")
    settings = {"KERBSIDE_URL": url, "KERBSIDE_API_KEY": token}
    settings["KERBSIDE_STATE_DIR"] = str(tmp_path / "state")

    def predict(*words: object, stdin: str | None = None, **more: str) -> Result:
        typed = ["predict", "--timeout", "5", *map(str, words)]
        return CliRunner().invoke(
            main, typed, input=stdin, env={**settings, **more}, prog_name="kerbside"
        )

    return predict


@pytest.fixture
def write(house: House, tmp_path: Path) -> Write:
    """Return a function that writes a file of houses, with more columns."""

    def write(
        count: int = 3, delimiter: str = ",", mark: str = "", **more: object
    ) -> Path:
        rows = [{"id": number, **house, **more} for number in range(count)]
        path = tmp_path / "houses.csv"
        with path.open("w", newline="") as file:
            file.write(mark)
            table = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
            table.writeheader()
            table.writerows(rows)
        return path

    return write


def read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """Return the rows of a file."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


@pytest.fixture
def interrupted(
    predict: Predict, write: Write, worker: None, tmp_path: Path, monkeypatch: Any
) -> Path:
    """Return an output of which 40 of 100 rows were written, and half of another."""
    output = tmp_path / "priced.csv"
    cells, left = pricing.cells, iter(range(40))

    def interrupt(result: Any) -> list[Any]:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return cells(result)

    houses = write(100)
    with monkeypatch.context() as patch:
        patch.setattr(pricing, "cells", interrupt)
        done = predict(houses, "-o", output, "--at-once", "4")
    assert done.exit_code == 130
    assert "Stopped: 40 of 100 houses are done. To go on:" in done.stderr
    assert f"  kerbside predict {houses} --output {output} --at-once 4" in done.stderr
    assert not output.exists()
    with (tmp_path / "priced.csv.part").open("a") as part:
        part.write('40,"half of a')
    return output

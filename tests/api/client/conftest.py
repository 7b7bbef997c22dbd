"""Fixtures of the client's tests: a server that answers by a script, its client."""

import threading
from collections.abc import Iterator

import pytest

from api.client import Client
from tests.api.client.script import KEY, Script


@pytest.fixture
def server() -> Iterator[Script]:
    """Run a server that answers by a script."""
    server = Script()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(server: Script) -> Iterator[Client]:
    """Return a client of that server."""
    with Client(server.url, KEY, timeout_s=5, concurrency=4) as client:
        yield client

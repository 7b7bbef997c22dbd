"""The page for operators, opened in a browser."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser

from model_store.store import ModelStore
from tests import dead_letters
from tests.system import api_server, browser, installation
from tests.system.api_server import Server
from tests.system.installation import Installation
from tests.system.ops_page.page import Open, new_key
from worker.keys import API_KEYS
from worker.ledger import Ledger
from worker.queue import Queue
from worker.settings import WorkerSettings


@pytest.fixture(scope="package")
def place(
    chromium: Browser, store: ModelStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Return an installation of which only the server runs yet."""
    del chromium  # Without one nothing need be started.
    folder = tmp_path_factory.mktemp("ops") / "var"
    with installation.running(folder, store) as place:
        yield place


@pytest.fixture(scope="package")
def running(store: ModelStore, place: Installation) -> Iterator[Server]:
    """Run the API of the installation."""
    with api_server.running(place, place.stack.api(), store) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    """Return the API; what a test left behind goes."""
    yield running
    names: Any = running.redis.keys()
    running.redis.delete(*({b"none", *names} - {API_KEYS.encode()}))


@pytest.fixture
def address(server: Server) -> str:
    """Return where the page is."""
    return f"http://127.0.0.1:{server.port}/ops"


@pytest.fixture
def operator(server: Server) -> str:
    """Return a key of an operator."""
    return new_key(server, "operate", "read")


@pytest.fixture
def open_page(chromium: Browser, address: str, operator: str) -> Open:
    """Return what opens the page as an operator."""
    return partial(browser.opened, chromium, address, key=operator)


@pytest.fixture
def letter(server: Server) -> str:
    """Return the id of a dead letter."""
    settings = WorkerSettings()
    book = Ledger(server.redis, settings)
    (job_id,) = dead_letters.made(Queue(server.redis, settings), book, server.redis)
    return job_id

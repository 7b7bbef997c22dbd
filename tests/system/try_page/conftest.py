"""The page on which a house can be priced, opened in a browser."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from model_store.store import ModelStore
from tests.system import api_server, browser, installation
from tests.system.api_server import Server
from tests.system.try_page.page import Open
from worker import pauses
from worker.keys import PREDICTIONS


@pytest.fixture(scope="package")
def server(
    chromium: Browser, store: ModelStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Run an API and a worker."""
    del chromium  # Without one nothing need be started.
    folder = tmp_path_factory.mktemp("page") / "var"
    with (
        installation.running(folder, store) as place,
        api_server.running(place, place.stack.api(), store) as server,
    ):
        for spec in place.stack.prediction_workers():
            place.start(spec)
        yield server


@pytest.fixture
def open_page(chromium: Browser, server: Server) -> Open:
    """Return what opens the page; it may ask nobody but its own service."""
    address = f"http://127.0.0.1:{server.port}/"

    @contextlib.contextmanager
    def open_page(path: str = "", **options: Any) -> Iterator[Page]:
        asked: list[str] = []
        options = {"key": server.token, **options}
        with browser.opened(chromium, address + path, **options) as page:
            page.on("request", lambda request: asked.append(request.url))
            yield page
        assert [url for url in asked if not url.startswith(address)] == []

    return open_page


@pytest.fixture
def paused(server: Server) -> Iterator[None]:
    """Let no worker take a house."""
    pauses.begin(server.redis, PREDICTIONS)
    yield
    pauses.end(server.redis, PREDICTIONS)

"""Fixtures of the tests in containers: an engine and a stack, once a session."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.client import Client
from tests.e2e import engine, stack
from tests.e2e.stack import API_PORT, Stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as one that needs an engine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run a stack of two API containers and three workers."""
    with (
        engine.running() as docker,
        stack.running(docker, tmp_path_factory.mktemp("e2e"), api=2, worker=3) as site,
    ):
        yield site


@pytest.fixture(scope="session")
def token(site: Stack) -> str:
    """Return an API key, made as the documentation says."""
    scopes = [f"--scope={scope}" for scope in ("predict", "read", "webhooks")]
    return site.kerbside("keys", "create", *scopes)


@pytest.fixture(scope="session")
def house(site: Stack, token: str) -> dict[str, Any]:
    """Return a house that the champion prices."""
    with contextlib.closing(Client(site.url(API_PORT), token)) as client:
        features = client.model()["schema"]["features"]
    return {one["name"]: one["example"] for one in features}


@pytest.fixture(scope="session")
def operator(site: Stack) -> str:
    """Return an operator's API key."""
    return site.kerbside("keys", "create", "--tenant", "operator", "--scope", "operate")

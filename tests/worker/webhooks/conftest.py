"""Fixtures of the tests of webhooks."""

import socket
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import redis as redis_py

from tests.worker.webhooks.site import Site
from worker.ledger import Ledger
from worker.queue import Queue
from worker.settings import WorkerSettings
from worker.webhook_settings import WebhookSettings
from worker.webhooks import line
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.endpoints import Endpoints
from worker.webhooks.sealing import new_key

#: What names stand for: each look-up takes the next answer, the last one for good.
Names = dict[str, list[list[str]]]

_connects: list[list[Any]] = []


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        for record in _connects:
            record.append(args[1])


@pytest.fixture(scope="session")
def _hearing() -> None:
    """Let Python tell of every connection that it begins; it cannot be untold."""
    sys.addaudithook(_hear)


@pytest.fixture(scope="session")
def authorities() -> ssl.SSLContext:
    """Return the usual authorities, which take a while to load."""
    return line.tls()


@pytest.fixture
def connects(_hearing: None) -> Iterator[Sequence[Any]]:
    """Return the addresses that this process connects to, whatever code does it."""
    record: list[Any] = []
    _connects.append(record)
    yield record
    _connects.remove(record)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Return the only names there are; addresses in every spelling stay what they are.

    The name `*` answers for all others.
    """
    known: Names = {}
    real = socket.getaddrinfo

    def numeric(host: str, port: object = None) -> Any:
        return real(
            host,
            port,  # type: ignore[arg-type] # as it came
            type=socket.SOCK_STREAM,
            flags=socket.AI_NUMERICHOST,
        )

    def look_up(host: str, port: object = None, *_: object, **__: object) -> Any:
        try:
            return numeric(host, port)
        except socket.gaierror:
            answers = known.get(host) or known.get("*")
            if not answers:
                raise
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [row for address in answer for row in numeric(address, port)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@pytest.fixture
def development() -> WebhookSettings:
    """Return settings that let webhooks go to loopback, in at most half a second."""
    return WebhookSettings(
        webhook_development=True, webhook_timeout_s=0.5, webhook_connect_s=0.3
    )


@pytest.fixture
def patient() -> WebhookSettings:
    """Return the same with time enough for a busy machine."""
    return WebhookSettings(webhook_development=True, webhook_timeout_s=30)


@pytest.fixture
def strict() -> Callable[..., WebhookSettings]:
    """Return a function that makes settings for strangers, with ports of a test."""
    return lambda *ports, **more: WebhookSettings(
        webhook_ports=(443, 8443, *ports), webhook_timeout_s=30, **more
    )


@pytest.fixture
def make_site(redis: redis_py.Redis, settings: WorkerSettings) -> Callable[..., Site]:
    """Return a function that makes an installation with some settings changed."""

    def make(**changes: object) -> Site:
        changes = {"secret_keys": (new_key(),), **changes}
        own = settings.model_copy(update=changes)
        return Site(
            redis=redis,
            settings=own,
            queue=Queue(redis, own),
            book=Ledger(redis, own),
            endpoints=Endpoints(redis, own),
            deliveries=Deliveries(redis, own),
        )

    return make


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """Return an installation."""
    return make_site()

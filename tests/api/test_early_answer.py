"""The laws of an answer to a request whose thread is stuck."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from api import early_answer
from api.errors import SlowBody


class _Protocol:
    """Takes answers as Granian's does."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []

    def response_iter(
        self, status: int, headers: list[tuple[str, str]], body: Iterator[bytes]
    ) -> None:
        self.answers.append((status, dict(headers), b"".join(body)))


@pytest.fixture
def stuck() -> Iterator[tuple[int, _Protocol]]:
    """Return a thread that is stuck below a server's caller, and its protocol."""
    given, entered, over = _Protocol(), threading.Event(), threading.Event()

    def call(proto: Any) -> None:
        def read() -> None:
            entered.set()
            over.wait(30)

        read()
        assert proto is given

    thread = threading.Thread(target=call, args=(given,))
    thread.start()
    entered.wait(30)
    assert thread.ident
    yield thread.ident, given
    over.set()
    thread.join()


def test_a_stuck_request_is_answered_with_less_than_announced(
    stuck: tuple[int, _Protocol],
) -> None:
    """So that the server closes the connection, which ends the read."""
    thread, protocol = stuck

    assert early_answer.break_off(thread, {"HTTP_REQUEST_ID": "mine"}, SlowBody())

    ((status, headers, body),) = protocol.answers
    assert status == 408
    assert json.loads(body)["type"] == "urn:kerbside:problem:slow-body"
    assert headers["Request-Id"] == "mine"
    assert headers["Connection"] == "close"
    assert int(headers["Content-Length"]) == len(body) + 1


def test_a_request_of_another_server_is_left_alone() -> None:
    """And so is one of a thread that has ended."""
    assert not early_answer.break_off(threading.get_ident(), {}, SlowBody())
    assert not early_answer.break_off(0, {}, SlowBody())

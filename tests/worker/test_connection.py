"""Clients of Redis and their patience."""

import socket
import time

import pytest
import redis

from worker import connection


def test_a_request_knows_within_a_second_that_redis_is_frozen() -> None:
    """A server that takes the connection and never answers is given up at 0.6 s."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        port = frozen.getsockname()[1]
        client = connection.connect(f"redis://127.0.0.1:{port}/0", role="api")
        began = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            client.get("key")
        assert time.monotonic() - began < 1.0


def test_nothing_is_sent_twice() -> None:
    """A client never repeats by itself what may already have been done."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = connection.connect(
            f"redis://127.0.0.1:{server.getsockname()[1]}/0", role="api"
        )
        with pytest.raises(redis.TimeoutError):
            client.incr("key")
        server.settimeout(0.2)
        server.accept()[0].close()
        with pytest.raises(TimeoutError):
            server.accept()

"""Clients of Redis and their patience."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis as redis_py

from tests.patience import wait_until
from worker import connection


def test_a_request_knows_within_a_second_that_redis_is_frozen() -> None:
    """A server that takes the connection and never answers is given up at 0.6 s."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        port = frozen.getsockname()[1]
        client = connection.connect(f"redis://127.0.0.1:{port}/0", role="api")
        began = time.monotonic()
        with pytest.raises(redis_py.TimeoutError):
            client.get("key")
        assert time.monotonic() - began < 1.0


def test_nothing_is_sent_twice() -> None:
    """A client never repeats by itself what may already have been done."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = connection.connect(
            f"redis://127.0.0.1:{server.getsockname()[1]}/0", role="api"
        )
        with pytest.raises(redis_py.TimeoutError):
            client.incr("key")
        server.settimeout(0.2)
        server.accept()[0].close()
        with pytest.raises(TimeoutError):
            server.accept()


def _connection_id(client: Any) -> int:
    answer: int = client.execute_command("CLIENT ID")
    return answer


def test_commands_share_a_connection_which_a_refusal_leaves_whole(
    redis_url: str,
) -> None:
    """One that the server refused was answered: nothing is left over in it."""
    client: Any = connection.connect(redis_url, role="api")
    first = _connection_id(client)
    with pytest.raises(redis_py.ResponseError):
        client.execute_command("NO SUCH COMMAND")
    assert _connection_id(client) == first


def test_a_connection_closed_while_it_lay_idle_is_replaced(redis_url: str) -> None:
    """A restart of the server costs no later request its answer."""
    client = connection.connect(redis_url, role="api")
    killer = connection.connect(redis_url, role="worker")
    killer.client_kill_filter(_id=str(_connection_id(client)))
    assert client.ping()


def test_a_connection_that_broke_in_use_is_not_used_again(redis_url: str) -> None:
    """The caller hears of it, since what it sent may have been done."""
    client = connection.connect(redis_url, role="worker")
    killer = connection.connect(redis_url, role="worker")
    used = _connection_id(client)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.blpop, ["nothing"], 10)
        wait_until(lambda: killer.info("clients")["blocked_clients"] == 1)
        killer.client_kill_filter(_id=str(used))
        with pytest.raises(redis_py.ConnectionError):
            waiting.result()
    assert client.ping()


def test_a_late_answer_is_nobody_elses(redis_url: str) -> None:
    """After a time-out the answer on its way is thrown away with its connection."""
    client = connection.connect(redis_url, role="api")
    client.set("key", "value")
    with pytest.raises(redis_py.TimeoutError):
        client.blpop(["nothing"], 0.8)
    assert client.get("key") == b"value"


def test_a_burst_of_commands_leaves_connections_for_everything_else(
    redis_url: str,
) -> None:
    """More at once than redis-py's pool holds by default, then a pipeline."""
    client = connection.connect(redis_url, role="worker")
    with ThreadPoolExecutor(120) as pool:
        burst = [pool.submit(client.blpop, ["nothing"], 0.5) for _ in range(120)]
        assert [one.result() for one in burst] == [None] * 120
    pipe = client.pipeline(transaction=False)
    pipe.ping()
    assert pipe.execute() == [True]


def test_an_idle_connection_is_felt_for(redis_url: str) -> None:
    """Within a minute, so that no firewall forgets it."""
    client = connection.connect(redis_url, role="api")
    client.ping()
    wire: Any = client.connection_pool.get_connection()._sock  # noqa: SLF001 - what counts is the socket
    assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 60


def test_a_server_that_takes_no_writes_any_more_is_asked_for_anew(
    redis_url: str, redis: Any
) -> None:
    """Another may be the primary by now, under the same name or by the sentinels."""
    client = connection.connect(redis_url, role="api")
    first = _connection_id(client)
    redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        with pytest.raises(redis_py.exceptions.ReadOnlyError):
            client.set("key", "value")
        assert _connection_id(client) != first
    finally:
        redis.execute_command("REPLICAOF", "NO", "ONE")


def test_sentinels_that_do_not_answer_are_told_in_few_words() -> None:
    """Of the address no more than the name of what they watch, and at once."""
    url = "sentinel://u:secret@127.0.0.1:1,127.0.0.1:2/0?master=homes"
    client = connection.connect(url, role="operator")
    with pytest.raises(redis_py.ConnectionError) as caught:
        client.ping()
    assert str(caught.value) == "no sentinel that answers knows a primary of 'homes'"

"""The laws of pauses, on a real server."""

import pytest
import redis as redis_py

from tests.worker.conftest import clock
from worker import pauses
from worker.keys import PREDICTIONS
from worker.pauses import Pause

KEY = f"kerbside:paused:{PREDICTIONS}"


def _kept(redis: redis_py.Redis) -> Pause | None:
    value = redis.get(KEY)
    assert value is None or isinstance(value, bytes)
    return Pause.parse(value)


def test_a_pause_tells_who_when_and_why(redis: redis_py.Redis) -> None:
    """Whoever finds a lane paused knows whom to ask."""
    before = clock(redis)
    pauses.begin(redis, PREDICTIONS, by="cli:ann", reason="new disk")

    pause = _kept(redis)
    assert pause
    assert (pause.by, pause.reason) == ("cli:ann", "new disk")
    assert pause.since_ms
    assert before <= pause.since_ms <= clock(redis)


def test_a_second_pause_changes_nothing(redis: redis_py.Redis) -> None:
    """It lasts since its first, however often it is asked for."""
    pauses.begin(redis, PREDICTIONS, by="cli:ann")
    first = _kept(redis)
    pauses.begin(redis, PREDICTIONS, by="cli:bob")

    assert _kept(redis) == first


@pytest.mark.parametrize("value", [b"1", b"", b"{", b'{"who": "ann"}', b"[]"])
def test_a_pause_of_another_hand_is_one(value: bytes) -> None:
    """Set by an older release or by hand: it holds the lane all the same."""
    assert Pause.parse(value) == Pause()


def test_an_ended_pause_is_none(redis: redis_py.Redis) -> None:
    """And to end none is no fault."""
    pauses.begin(redis, PREDICTIONS)
    for _ in range(2):
        pauses.end(redis, PREDICTIONS)

    assert _kept(redis) is None


def test_a_pause_ends_on_a_full_server(redis: redis_py.Redis) -> None:
    """There it may be what keeps the server full."""
    pauses.begin(redis, PREDICTIONS)
    redis.config_set("maxmemory", 1)
    try:
        pauses.end(redis, PREDICTIONS)
    finally:
        redis.config_set("maxmemory", 0)

    assert _kept(redis) is None

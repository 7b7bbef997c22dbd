"""What each user of Redis is let do, and what it is denied, on a real server."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis as redis_py
from redis.exceptions import NoPermissionError

from worker import connection, redis_acl
from worker.redis_acl import API, FLOWER, KEDA, OPERATOR, USERS, WORKER
from worker.supervision.embedded import EmbeddedRedis

Send = Callable[..., Any]

#: What nobody may do, whatever is held against the server by whoever got hold of it.
_NOBODY = [
    *("FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG GET *", "CONFIG SET maxmemory 1"),
    *("SHUTDOWN", "MONITOR", "ACL LIST", "ACL SETUSER x on"),
    *("REPLICAOF NO ONE", "CLIENT LIST", "CLIENT KILL TYPE normal", "SCRIPT FLUSH"),
    # The names of all keys, whosever they are.
    *("CLIENT TRACKING ON BCAST", "CLIENT TRACKING ON", "CLIENT CACHING YES"),
    *("RANDOMKEY", "SWAPDB 0 1", "BGREWRITEAOF", "SLOWLOG GET"),
    *("FUNCTION LOAD x", "RENAME kerbside:probe x", "MOVE kerbside:probe 1"),
    *("COPY kerbside:keys kerbside:probe", "SORT predictions", "MODULE LIST"),
    # Keys that are nobody's.
    *("GET house", "SET house 1", "LPUSH celery x"),
]

_DENIED = {
    API: [
        *(
            "INFO",
            "SCAN 0",
            "HGETALL unacked",
            "ZRANGE unacked_index 0 -1",
            "SMEMBERS x",
        ),
        # A message is for workers: it is neither read nor taken.
        *("RPOP predictions", "LRANGE predictions 0 -1", "LINDEX predictions 0"),
        *("LPUSH upkeep x", "LLEN upkeep", "SADD _kombu.binding.upkeep x"),
        *("BLPOP kerbside:bell:predictions 1", "PSUBSCRIBE *"),
        *("PUBLISH /0.celery.pidbox x", "SUBSCRIBE /0.celeryev/task.multi"),
    ],
    OPERATOR: [
        *("RPOP predictions", "LRANGE predictions 0 -1", "HGETALL unacked"),
        *("PUBLISH /0.celery.pidbox x", "PSUBSCRIBE kerbside:*"),
    ],
    WORKER: [
        # Whoever has a worker in his hand makes no API key, and reads none.
        *("HSET kerbside:keys x y", "HGETALL kerbside:keys", "DEL kerbside:keys"),
        # Nor does he cover his tracks.
        *("LPUSH kerbside:audit x", "LPUSH kerbside:audit_in_vain x"),
        "HSET kerbside:used x 1",
        *("SCAN 0", "PSUBSCRIBE *", "PSUBSCRIBE /*", "PUBLISH /1.celery.pidbox x"),
    ],
    FLOWER: [
        *(
            "INFO",
            "SCAN 0",
            "GET kerbside:probe",
            "HGETALL kerbside:keys",
            "DEL predictions",
        ),
        *("LPUSH predictions x", "RPOP predictions", "BRPOP predictions 1"),
        *("LRANGE predictions 0 -1", "HGETALL unacked", "SET unacked_mutex x"),
        *("SADD _kombu.binding.upkeep x", "SUBSCRIBE kerbside:finished:0"),
        *("PUBLISH kerbside:finished:0 x", "PSUBSCRIBE *"),
    ],
    KEDA: [
        *(
            "INFO",
            "SCAN 0",
            "GET predictions",
            "LRANGE predictions 0 -1",
            "DEL predictions",
        ),
        *("LPUSH predictions x", "ZADD kerbside:running:predictions 1 x"),
        *("ZRANGE kerbside:waiting:predictions 0 -1", "LLEN upkeep"),
        *("HGETALL kerbside:keys", "PUBLISH kerbside:finished:0 x"),
        *("SUBSCRIBE kerbside:finished:0", "SCRIPT LOAD x"),
    ],
}

_ALLOWED = {
    API: [
        *("PING", "LLEN predictions", "HGETALL kerbside:keys", "LREM predictions 0 x"),
        *("PUBLISH kerbside:finished:0 x", "TIME", "ZCARD kerbside:deliveries:x"),
    ],
    OPERATOR: [
        "INFO",
        "SCAN 0",
        "HSET kerbside:keys x y",
        "DEL kerbside:paused:predictions",
    ],
    WORKER: [
        *("INFO", "RPOP predictions", "LLEN upkeep", "HGETALL unacked"),
        *("HGETALL kerbside:webhook:x", "SADD _kombu.binding.upkeep x"),
        *("SCARD kerbside:active:x", "GET kerbside:upkeep:predictions"),
        *("GET kerbside:awake:predictions", "LPUSH webhooks x"),
    ],
    FLOWER: ["LLEN predictions", "LLEN upkeep", "LLEN predictions\x06\x163"],
    KEDA: [
        *("LLEN predictions", "ZCARD kerbside:running:predictions"),
        "ZCOUNT kerbside:waiting:predictions -inf +inf",
    ],
}


def _pairs(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(user, command) for user, commands in table.items() for command in commands]


@pytest.fixture
def send(redis: redis_py.Redis, redis_server: EmbeddedRedis) -> Iterator[Send]:
    """Return a function that sends a command under a user."""
    with contextlib.ExitStack() as stack:

        def send(user: str, *words: Any) -> Any:
            url = redis_server.url_of(user)
            client: Any = connection.connect(url, role="operator")
            stack.callback(client.close)
            return client.execute_command(*words)

        yield send
    # What was denied on purpose is no fault of the test.
    redis.acl_log_reset()


@pytest.mark.parametrize(
    ("user", "command"),
    [*_pairs(_DENIED), *_pairs(dict.fromkeys(USERS, _NOBODY))],
)
def test_a_user_is_denied_what_it_does_not_need(
    send: Send, user: str, command: str
) -> None:
    """Who takes over a process gets its rights, and no more."""
    with pytest.raises(NoPermissionError):
        send(user, *command.split(" "))


@pytest.mark.parametrize(("user", "command"), _pairs(_ALLOWED))
def test_a_user_may_do_what_it_needs(
    send: Send, redis: redis_py.Redis, user: str, command: str
) -> None:
    """Seen from the other side: a rule that denies everything proves nothing."""
    send(user, *command.split(" "))

    assert redis.acl_log() == []


@pytest.mark.parametrize("user", [API, OPERATOR, FLOWER, KEDA])
def test_a_script_has_no_rights_that_its_caller_has_not(send: Send, user: str) -> None:
    """Lua is no way round: each command in it is looked at."""
    with pytest.raises(redis_py.ResponseError, match=r"ACL|can't"):
        send(user, "EVAL", "return redis.call('RPOP', 'predictions')", 0)


@pytest.mark.parametrize("key", ["predictions", "kerbside:running:predictions"])
def test_the_script_that_keda_sends_counts(send: Send, key: str) -> None:
    """Its own words: it asks for the type, then for the length of that type."""
    script = """
        local listName = KEYS[1]
        local listType = redis.call('type', listName).ok
        local cmd = {zset = 'zcard', set = 'scard', list = 'llen', none = 'llen'}
        return redis.call(cmd[listType], listName)
    """

    assert send(KEDA, "EVAL", script, 1, key) == 0


def test_the_channels_of_celery_are_those_of_the_database() -> None:
    """Channels know no databases by themselves: their names bear the number."""
    rules = redis_acl.rules(7)

    assert "&/7.celery.pidbox" in rules[WORKER].split()
    assert "&/7.celeryev/*" in rules[FLOWER].split()
    assert "/0." not in " ".join(rules.values())

"""What passes by itself and what does not."""

from typing import Any

import pytest
import redis
from redis._parsers.base import BaseParser

from worker import connection
from worker.outage import is_outage, words_of

PASSES = [
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL.",
    "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "MISCONF Errors writing to the AOF file: No space left on device",
    "NOREPLICAS Not enough good replicas to write.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "ERR Error running script: @user_script:12: -MISCONF Redis is configured to save",
]
STAYS = [
    "BUSYGROUP Consumer Group name already exists",
    "ERR user_script:7: attempt to index a nil value script: 0, on @user_script:7.",
    "NOPERM User worker has no permissions to run the 'evalsha' command",
    "READONLY You can't write against a read only replica.",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
]


def answered(text: str) -> redis.RedisError:
    """Return what the client raises for an answer of a server."""
    parser: Any = BaseParser
    error: redis.RedisError = parser.parse_error(text)
    return error


@pytest.mark.parametrize("answer", PASSES)
def test_a_server_that_cannot_serve_now_is_an_outage(answer: str) -> None:
    """A new worker would be told the same."""
    assert is_outage(answered(answer))


@pytest.mark.parametrize("answer", STAYS)
def test_an_answer_to_the_command_itself_is_none(answer: str) -> None:
    """It is told, for somebody has to mend it."""
    error = answered(answer)
    assert not is_outage(error)
    assert answer.split(" ", 1)[1][:40] in words_of(error)


@pytest.mark.parametrize(("code", "passes"), [("WRONGTYPE", False), ("BUSY", True)])
def test_the_answer_of_a_pipeline_counts_alike(code: str, *, passes: bool) -> None:
    """The client puts words of its own before it."""
    error = answered(f"{code} of the server")
    assert isinstance(error, redis.ResponseError)
    error.args = (f"Command # 1 (LLEN predictions) of pipeline caused error: {error}",)
    assert is_outage(error) is passes


def test_a_server_that_is_not_there_is_an_outage_of_few_words() -> None:
    """A protocol error may quote what was sent, so its words stay out of the log."""
    client = connection.connect("redis://127.0.0.1:1/0", role="api")
    with pytest.raises(redis.ConnectionError) as caught:
        client.ping()
    assert is_outage(caught.value)
    assert words_of(caught.value) == "ConnectionError"
    garbled = redis.InvalidResponse("house at 7 Elm Street")
    assert words_of(garbled) == "InvalidResponse"

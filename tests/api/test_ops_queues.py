"""The laws of /v1/ops/queues and /v1/ops/workers."""

import redis as redis_py

from api.schemas import Queues, WorkerList
from tests.api.conftest import Client, Headers, Submit
from worker import pauses
from worker.ledger import PREDICTIONS, WEBHOOKS, Ledger


def test_a_paused_lane_is_told_as_it_is(
    client: Client, submit: Submit, redis: redis_py.Redis, operator: Headers
) -> None:
    """What an autoscaler is to take for nothing, an operator sees, and who did it."""
    submit()
    pauses.begin(redis, PREDICTIONS, by="cli:ann", reason="new disk")

    answer = client.get("/v1/ops/queues", headers=operator)

    lane = Queues.model_validate_json(answer.data).queues[PREDICTIONS]
    assert (lane.waiting, lane.backlog, lane.paused) == (1, 1, True)
    assert (lane.paused_by, lane.paused_reason) == ("cli:ann", "new disk")
    assert lane.paused_since
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_set_aside_is_counted(
    client: Client, redis: redis_py.Redis, operator: Headers
) -> None:
    """Dead letters, messages of nobody, and deliveries that are tried again."""
    redis.zadd(f"kerbside:dead:{PREDICTIONS}", {"one": 1, "two": 2})
    redis.lpush(f"kerbside:strays:{PREDICTIONS}", "message")
    redis.zadd(f"kerbside:scheduled:{WEBHOOKS}", {"one": 1})

    answer = client.get("/v1/ops/queues", headers=operator)

    lanes = Queues.model_validate_json(answer.data).queues
    assert (lanes[PREDICTIONS].dead, lanes[PREDICTIONS].strays) == (2, 1)
    assert (lanes[PREDICTIONS].scheduled, lanes[WEBHOOKS].scheduled) == (0, 1)
    assert lanes[WEBHOOKS].paused_since is None


def test_workers_are_listed_by_lane_and_name(
    client: Client, book: Ledger, redis: redis_py.Redis, operator: Headers
) -> None:
    """Those that asked of late; one that went away leaves."""
    book.claim(WEBHOOKS, limit=1, worker="w")
    for name in ("b", "a"):
        book.claim(PREDICTIONS, limit=1, worker=name)
    redis.zadd(f"kerbside:workers:{PREDICTIONS}", {"gone": 1})

    answer = client.get("/v1/ops/workers", headers=operator)

    found = WorkerList.model_validate_json(answer.data).results
    assert [(one.lane, one.name) for one in found] == [
        (PREDICTIONS, "a"),
        (PREDICTIONS, "b"),
        (WEBHOOKS, "w"),
    ]

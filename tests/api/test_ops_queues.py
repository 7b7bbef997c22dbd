"""The laws of /v1/ops/queues and /v1/ops/workers."""

import pytest
import redis as redis_py

from api import ops_queues
from api.schemas import Queue, Queues, WorkerList
from api.services import Services
from tests.api.conftest import Client, Headers, Submit, assert_problem
from worker import pauses, purging
from worker.keys import PREDICTIONS, WEBHOOKS
from worker.ledger import Ledger


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


def test_a_lane_is_paused_and_resumed(
    client: Client, submit: Submit, book: Ledger, operator: Headers
) -> None:
    """It takes jobs all the same, and gives none away."""
    said = {"reason": "new disk"}
    paused = client.post(
        "/v1/ops/queues/predictions:pause", json=said, headers=operator
    )
    taken = submit()
    held = book.claim(PREDICTIONS, limit=1, worker="w").leases
    resumed = client.post("/v1/ops/queues/predictions:resume", headers=operator)

    lane = Queue.model_validate_json(paused.data)
    key_id = operator["Authorization"].split("_")[1]
    assert (lane.paused, lane.paused_by) == (True, f"key:{key_id}")
    assert lane.paused_reason == "new disk"
    assert (taken.status_code, list(held)) == (202, [])
    assert not Queue.model_validate_json(resumed.data).paused
    (lease,) = book.claim(PREDICTIONS, limit=1, worker="w").leases
    assert lease.id == taken.json["id"]


def test_who_pauses_need_say_nothing(client: Client, operator: Headers) -> None:
    """Neither pausing nor resuming twice is a fault."""
    for verb in ("pause", "pause", "resume", "resume"):
        answer = client.post(f"/v1/ops/queues/webhooks:{verb}", headers=operator)
        assert answer.json["paused"] is (verb == "pause")


@pytest.mark.parametrize("verb", ["pause", "resume", "purge"])
def test_an_unknown_lane_is_told(client: Client, operator: Headers, verb: str) -> None:
    """Upkeep is no lane of jobs either."""
    for lane in ("upkeep", "nothing"):
        answer = client.post(f"/v1/ops/queues/{lane}:{verb}", headers=operator)
        assert_problem(answer, 404, "unknown-lane")


@pytest.mark.parametrize("body", [{"why": "x"}, {"reason": 1}, {"reason": "x" * 201}])
def test_a_pause_that_is_not_understood_pauses_nothing(
    client: Client, operator: Headers, redis: redis_py.Redis, body: dict[str, object]
) -> None:
    """Unknown fields are refused like anywhere."""
    answer = client.post(
        "/v1/ops/queues/predictions:pause", json=body, headers=operator
    )

    assert_problem(answer, 422, "invalid-submission")
    assert not redis.exists(f"kerbside:paused:{PREDICTIONS}")


def test_a_full_job_store_says_why_no_lane_is_paused(
    client: Client, operator: Headers, redis: redis_py.Redis
) -> None:
    """And what makes room: a purge, which needs none, is among it."""
    redis.config_set("maxmemory", 1)
    try:
        answer = client.post("/v1/ops/queues/predictions:pause", headers=operator)
    finally:
        redis.config_set("maxmemory", 0)

    problem = assert_problem(answer, 503, "memory-full")
    assert "the lane is not paused" in problem["detail"]


def test_pauses_are_written_down(
    client: Client, operator: Headers, shared: Services
) -> None:
    """With their lane, which has been found to be one."""
    for path in ("predictions:pause", "predictions:resume", "nothing:pause"):
        client.post(f"/v1/ops/queues/{path}", headers=operator)

    told = shared.audit.newest(10)

    assert [(one["operation"], one["targets"], one["outcome"]) for one in told] == [
        ("pause_lane", [], "refused"),
        ("resume_lane", ["predictions"], "done"),
        ("pause_lane", ["predictions"], "done"),
    ]


def test_a_purge_ends_what_waits(
    client: Client, submit: Submit, operator: Headers, caller: Headers
) -> None:
    """A dry run tells the same number; the client reads who did it."""
    ids = [submit().json["id"] for _ in range(3)]
    path = "/v1/ops/queues/predictions:purge"

    dry = client.post(path, json={"dry_run": True}, headers=operator)
    waiting = client.get(f"/v1/predictions/{ids[0]}", headers=caller).json
    done, again = (client.post(path, headers=operator) for _ in range(2))

    assert dry.json == {"dry_run": True, "purged": 3, "remaining": 0}
    assert waiting["state_detail"] == "queued"
    assert done.json == {"dry_run": False, "purged": 3, "remaining": 0}
    assert again.json["purged"] == 0
    for one in ids:
        ended = client.get(f"/v1/predictions/{one}", headers=caller).json
        assert (ended["status"], ended["state_detail"]) == ("canceled", "by_operator")


def test_a_purge_ends_so_many_and_tells_the_rest(
    client: Client, submit: Submit, operator: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request lasts for ever."""
    monkeypatch.setattr(ops_queues, "_PURGED", 2)
    monkeypatch.setattr(purging, "_AT_A_TIME", 2)
    for _ in range(3):
        submit()
    path = "/v1/ops/queues/predictions:purge"

    dry = client.post(path, json={"dry_run": True}, headers=operator)
    told = [client.post(path, headers=operator).json for _ in range(2)]

    assert (dry.json["purged"], dry.json["remaining"]) == (2, 1)
    assert [(one["purged"], one["remaining"]) for one in told] == [(2, 1), (1, 0)]


def test_a_purge_is_written_down_and_a_dry_run_is_not(
    client: Client, operator: Headers, shared: Services
) -> None:
    """Nothing was done by it."""
    path = "/v1/ops/queues/webhooks:purge"
    client.post(path, json={"dry_run": True}, headers=operator)
    client.post(path, headers=operator)

    (told,) = shared.audit.newest(10)
    assert (told["operation"], told["targets"]) == ("purge_lane", [WEBHOOKS])

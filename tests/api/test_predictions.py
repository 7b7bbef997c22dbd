"""The laws of /v1/predictions."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis as redis_py

from api.schemas import Prediction
from api.services import Services
from tests.api.conftest import (
    OUTPUT,
    Client,
    Finish,
    Headers,
    MakeHeaders,
    Submit,
    assert_problem,
)
from worker.admission import Admission
from worker.ledger import Ledger

PUBLIC = "https://api.example.org/v1/predictions"


def test_a_submit_answers_202_with_the_whole_resource(
    submit: Submit, house: dict[str, Any]
) -> None:
    """The body is what a GET returns, Location says where, Retry-After when."""
    answer = submit(metadata={"order": "7"})

    job = Prediction.model_validate_json(answer.data)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{PUBLIC}/{job.id}"
    assert answer.headers["Retry-After"] == "1"
    assert "Preference-Applied" not in answer.headers
    assert (job.status, job.state_detail) == ("starting", "queued")
    assert (job.input, job.metadata) == (house, {"order": "7"})
    assert job.queue_position == 1
    assert job.urls.get == answer.headers["Location"]


def test_the_job_is_pinned_to_the_version_that_validated_it(
    submit: Submit, client: Client, caller: Headers
) -> None:
    """An alias is resolved at submit; the job names the version id."""
    champion = client.get("/v1/models/champion", headers=caller).json["version"]

    assert submit().json["version"] == champion
    assert submit(version="champion").json["version"] == champion
    assert submit(version=champion).json["version"] == champion


def test_a_finished_prediction_carries_its_output(
    submit: Submit, finish: Finish, client: Client, caller: Headers
) -> None:
    """Poll until the status is terminal, then read the price; no more Retry-After."""
    url = f"/v1/predictions/{submit().json['id']}"
    finish()

    answer = client.get(url, headers=caller)

    job = Prediction.model_validate_json(answer.data)
    assert answer.status_code == 200
    assert (job.status, job.state_detail, job.error) == ("succeeded", None, None)
    assert answer.json["output"] == OUTPUT
    assert "Retry-After" not in answer.headers


def test_an_open_prediction_says_when_to_come_back(
    submit: Submit, client: Client, caller: Headers
) -> None:
    """Retry-After is there until the job has ended."""
    answer = client.get(f"/v1/predictions/{submit().json['id']}", headers=caller)

    assert answer.headers["Retry-After"] == "1"


def test_an_answer_that_the_client_has_is_not_sent_again(
    submit: Submit, finish: Finish, client: Client, caller: Headers
) -> None:
    """The ETag is strong, answers 304 while nothing changed, and changes with it."""
    url = f"/v1/predictions/{submit().json['id']}"
    first = client.get(url, headers=caller)
    known = {**caller, "If-None-Match": first.headers["ETag"]}

    same = client.get(url, headers=known)
    finish()
    changed = client.get(url, headers=known)

    assert first.headers["ETag"].startswith('"')
    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert same.headers["Retry-After"] == "1"
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("tag", ["*", 'W/{}, "x"', '"x" , {}'])
def test_if_none_match_is_a_list_compared_weakly(
    submit: Submit, client: Client, caller: Headers, tag: str
) -> None:
    """Any form that RFC 9110 allows is understood."""
    url = f"/v1/predictions/{submit().json['id']}"
    etag = client.get(url, headers=caller).headers["ETag"]

    known = {**caller, "If-None-Match": tag.format(etag)}
    assert client.get(url, headers=known).status_code == 304


def test_results_are_not_cached_on_the_way(
    submit: Submit, client: Client, caller: Headers
) -> None:
    """A price belongs to its tenant: no-store, and no guessing of its type."""
    answer = client.get(f"/v1/predictions/{submit().json['id']}", headers=caller)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", [str(uuid.UUID(int=1)), "x", "..", "a" * 5000, "%00"])
def test_an_unknown_id_is_404(client: Client, caller: Headers, name: str) -> None:
    """No id of mine: not found, whatever it looks like."""
    answer = client.get(f"/v1/predictions/{name}", headers=caller)

    assert_problem(answer, 404, "unknown-prediction")


def test_another_tenants_prediction_does_not_exist(
    submit: Submit, client: Client, bearer: MakeHeaders
) -> None:
    """Read, cancel and list see the own tenant's jobs only."""
    url = f"/v1/predictions/{submit().json['id']}"
    other = bearer("globex")

    assert_problem(client.get(url, headers=other), 404, "unknown-prediction")
    cancel = client.post(f"{url}/cancel", headers=other)
    assert_problem(cancel, 404, "unknown-prediction")
    assert client.get("/v1/predictions", headers=other).json["results"] == []


def test_a_removed_prediction_is_410_for_its_tenant(
    submit: Submit,
    finish: Finish,
    client: Client,
    caller: Headers,
    bearer: MakeHeaders,
    redis: redis_py.Redis,
) -> None:
    """After its retention the tombstone says when it ended; others learn nothing."""
    job_id = submit().json["id"]
    finish()
    redis.delete(f"kerbside:job:{job_id}")

    mine = client.get(f"/v1/predictions/{job_id}", headers=caller)
    theirs = client.get(f"/v1/predictions/{job_id}", headers=bearer("globex"))

    problem = assert_problem(mine, 410, "prediction-removed")
    assert problem["id"] == job_id
    assert problem["completed_at"].endswith("Z")
    assert problem["reason"] == "retention"
    assert problem["data_removed"] is True
    assert_problem(theirs, 404, "unknown-prediction")


def test_cancel_ends_an_open_prediction_and_can_be_repeated(
    submit: Submit, client: Client, caller: Headers
) -> None:
    """The answer is the resource as it is now, both times the same."""
    url = f"/v1/predictions/{submit().json['id']}/cancel"

    first, second = (client.post(url, headers=caller) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json["status"] == "canceled"
    assert first.json["state_detail"] == "by_client"
    assert first.data == second.data


def test_cancel_of_a_finished_prediction_changes_nothing(
    submit: Submit, finish: Finish, client: Client, caller: Headers
) -> None:
    """A lost race is no error: the client reads the status."""
    url = f"/v1/predictions/{submit().json['id']}/cancel"
    finish()

    answer = client.post(url, headers=caller)

    assert answer.status_code == 200
    assert answer.json["status"] == "succeeded"


def test_a_cancel_is_never_answered_with_not_modified(
    submit: Submit, finish: Finish, client: Client, caller: Headers
) -> None:
    """Only a read is spared what the client has already."""
    url = f"/v1/predictions/{submit().json['id']}"
    finish()
    known = client.get(url, headers=caller).headers["ETag"]

    answer = client.post(f"{url}/cancel", headers={**caller, "If-None-Match": known})

    assert answer.status_code == 200
    assert answer.headers["ETag"] == known


def test_a_repeat_with_the_same_key_returns_the_same_job(submit: Submit) -> None:
    """Quoted or bare, the key names one job."""
    first = submit({"Idempotency-Key": "order-7"})
    second = submit({"Idempotency-Key": '"order-7"'})

    assert second.status_code == 202
    assert second.json["id"] == first.json["id"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers


def test_a_repeat_of_a_finished_job_returns_its_result(
    submit: Submit, finish: Finish
) -> None:
    """A client whose connection broke is made whole by the same request."""
    key = {"Idempotency-Key": "order-7"}
    first = submit(key)
    finish()

    second = submit(key)

    assert second.status_code == 201
    assert second.json["id"] == first.json["id"]
    assert second.json["output"] == OUTPUT


def test_a_key_with_another_body_is_422(submit: Submit) -> None:
    """The same key cannot name two requests."""
    key = {"Idempotency-Key": "order-7"}
    first = submit(key)

    second = submit(key, metadata={"order": "8"})

    problem = assert_problem(second, 422, "idempotency-key-reused")
    assert problem["prediction"] == first.json["id"]


def test_a_key_belongs_to_its_tenant(submit: Submit, bearer: MakeHeaders) -> None:
    """Two tenants may choose the same key."""
    key = {"Idempotency-Key": "order-7"}

    mine, theirs = submit(key), submit(key, key=bearer("globex"))

    assert mine.json["id"] != theirs.json["id"]


def test_the_order_of_fields_is_no_difference(
    client: Client, caller: Headers, house: dict[str, Any]
) -> None:
    """A repeat that was encoded anew is the same request."""
    headers = {**caller, "Idempotency-Key": "order-7"}
    turned = dict(reversed(house.items()))

    first = client.post("/v1/predictions", json={"input": house}, headers=headers)
    second = client.post(
        "/v1/predictions",
        json={"version": "champion", "input": turned},
        headers=headers,
    )

    assert second.json["id"] == first.json["id"]


@pytest.mark.parametrize("wait", ["", "wait=5"])
def test_fifty_identical_submits_at_once_make_one_job(
    submit: Submit, redis: redis_py.Redis, finish: Finish, wait: str
) -> None:
    """Exactly one job, and every client is told of it."""
    headers = {"Idempotency-Key": "order-7", "Prefer": wait}
    with ThreadPoolExecutor(50) as pool:
        answers = [pool.submit(submit, headers) for _ in range(50)]
        until = time.monotonic() + 10
        while not finish() and time.monotonic() < until:
            time.sleep(0.01)

    ids = {answer.result().json["id"] for answer in answers}
    replayed = [a.result().headers.get("Idempotency-Replayed") for a in answers]
    assert len(ids) == 1
    assert replayed.count("true") == 49
    assert redis.get("kerbside:number:predictions") == b"1"


@pytest.mark.parametrize("key", ["", '""', '"a', "a" * 256, "käse", '"a"b'])
def test_a_key_that_cannot_be_read_is_400(submit: Submit, key: str) -> None:
    """A key that was garbled on the way must not count as none."""
    assert_problem(submit({"Idempotency-Key": key}), 400, "malformed-header")


def test_a_full_queue_is_503_with_retry_after(
    submit: Submit, shared: Services, book: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was queued, and the client knows when to try again."""
    changed = shared.settings.model_copy(update={"queue_bound": 1})
    monkeypatch.setattr(shared.queue, "_admission", Admission(book, changed))
    submit()

    answer = submit()

    assert_problem(answer, 503, "queue-full")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_redis_short_of_memory_is_503(submit: Submit, redis: redis_py.Redis) -> None:
    """New jobs are refused before anything is lost."""
    redis.set("kerbside:memory_full", "memory")

    answer = submit()

    assert_problem(answer, 503, "memory-full")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_redis_that_evicts_is_503_and_says_so(
    submit: Submit, redis: redis_py.Redis
) -> None:
    """Who reads the answer knows which setting is wrong."""
    redis.set("kerbside:memory_full", "evicting")

    answer = submit()

    assert_problem(answer, 503, "memory-full")
    assert "noeviction" in answer.json["detail"]


def test_a_deadline_reaches_the_ledger(submit: Submit, redis: redis_py.Redis) -> None:
    """Seconds on the wire, an instant of Redis's clock in the ledger."""
    job_id = submit(deadline=0.5).json["id"]

    record: Any = redis.hgetall(f"kerbside:job:{job_id}")
    assert int(record[b"deadline"]) - int(record[b"created"]) == 500

"""The laws of PUT, retry and DELETE under /v1/predictions."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis as redis_py

from api.schemas import Prediction
from tests.api.conftest import (
    Answer,
    Client,
    Finish,
    Headers,
    MakeHeaders,
    Submit,
    assert_problem,
)
from worker.keys import PREDICTIONS
from worker.leases import Completion
from worker.ledger import Ledger

OWN_ID = "0b5d3a52-5d8a-4c3e-9d5c-1f0e9a8b7c6d"

Put = Callable[..., Answer]


@pytest.fixture
def put(client: Client, caller: Headers, house: dict[str, Any]) -> Put:
    """Return a function that submits the house under an id of its own."""

    def put(
        name: str = OWN_ID,
        headers: Headers | None = None,
        key: Headers = caller,
        **fields: Any,
    ) -> Answer:
        return client.put(
            f"/v1/predictions/{name}",
            json={"input": house, **fields},
            headers={**key, **(headers or {})},
        )

    return put


@pytest.fixture
def failed(submit: Submit, book: Ledger) -> str:
    """Return the id of a prediction that the model could not make."""
    job_id = submit().json["id"]
    leases = book.claim(PREDICTIONS, limit=1, worker="test").leases
    book.complete(PREDICTIONS, [Completion(lease=one, error="No.") for one in leases])
    return str(job_id)


def test_a_put_makes_a_prediction_under_the_clients_id(
    put: Put, client: Client, caller: Headers
) -> None:
    """202 with the whole resource, as a POST answers."""
    answer = put()

    job = Prediction.model_validate_json(answer.data)
    assert (answer.status_code, job.id, job.status) == (202, OWN_ID, "starting")
    assert answer.headers["Location"].endswith(f"/v1/predictions/{OWN_ID}")
    assert answer.headers["Retry-After"]
    assert "Idempotency-Replayed" not in answer.headers
    found = client.get(f"/v1/predictions/{OWN_ID}", headers=caller)
    assert found.data == answer.data


def test_a_repeated_put_is_answered_with_its_prediction(
    put: Put, finish: Finish, redis: redis_py.Redis
) -> None:
    """200, before its end and after it; nothing is made twice."""
    put()
    open_still = put()
    finish()
    ended = put()

    assert (open_still.status_code, ended.status_code) == (200, 200)
    assert open_still.headers["Idempotency-Replayed"] == "true"
    assert (open_still.json["status"], ended.json["status"]) == (
        "starting",
        "succeeded",
    )
    assert redis.get("kerbside:number:predictions") == b"1"


def test_a_uuid_may_be_written_in_capitals(
    put: Put, client: Client, caller: Headers
) -> None:
    """The same id, RFC 9562: macOS writes it so."""
    put(OWN_ID.upper())

    url = f"/v1/predictions/{OWN_ID.upper()}"
    assert put(OWN_ID).status_code == 200
    assert client.get(url, headers=caller).json["id"] == OWN_ID


def test_a_put_may_wait_for_the_price(put: Put, finish: Finish) -> None:
    """201 when it came in time; a repeat that waits is 200."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(put, headers={"Prefer": "wait=10"})
        while not finish():
            pass
        first = waiting.result()
    again = put(headers={"Prefer": "wait=10"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Preference-Applied"] == "wait=10"
    assert first.json["output"] == again.json["output"]


def test_fifty_puts_at_once_make_one_prediction(put: Put) -> None:
    """One of them made it."""
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: put(), range(50)))

    assert sorted(one.status_code for one in answers) == [200] * 49 + [202]


def test_an_id_that_names_something_else_is_409(
    put: Put, submit: Submit, bearer: MakeHeaders
) -> None:
    """Another body, another tenant's, one of ours: the answer tells them not apart."""
    put()
    ours = submit().json["id"]

    others = [put(metadata={"order": "8"}), put(key=bearer("globex")), put(ours)]

    told = [assert_problem(one, 409, "id-taken") for one in others]
    assert len({problem["detail"] for problem in told}) == 1
    assert {tuple(sorted(problem)) for problem in told} == {
        ("detail", "request_id", "status", "title", "type")
    }


@pytest.mark.parametrize("name", ["order-7", "1", OWN_ID[:-1], OWN_ID + "0"])
def test_an_id_that_is_no_uuid_is_400(put: Put, name: str) -> None:
    """The message shows what one looks like."""
    problem = assert_problem(put(name), 400, "malformed-parameter")

    assert "UUID" in problem["detail"]


def test_a_put_takes_no_key_beside_its_id(put: Put, redis: redis_py.Redis) -> None:
    """Two names for one request could contradict each other."""
    answer = put(headers={"Idempotency-Key": "order-7"})

    assert_problem(answer, 400, "bad-request")
    assert not redis.exists("kerbside:number:predictions")


def test_a_put_of_a_house_that_is_not_valid_makes_nothing(
    put: Put, client: Client, caller: Headers
) -> None:
    """Its id stays free."""
    assert_problem(put(version="no-such"), 422, "invalid-submission")

    assert client.get(f"/v1/predictions/{OWN_ID}", headers=caller).status_code == 404
    assert put().status_code == 202


def test_a_failed_prediction_can_be_retried(
    failed: str, finish: Finish, client: Client, caller: Headers
) -> None:
    """202, the same id, its error forgotten; then it is priced like any other."""
    url = f"/v1/predictions/{failed}"
    before = client.get(url, headers=caller).json

    answer = client.post(f"{url}/retry", headers=caller)
    finish()
    after = client.get(url, headers=caller).json

    again = Prediction.model_validate_json(answer.data)
    assert (answer.status_code, again.id, again.status) == (202, failed, "starting")
    assert (again.state_detail, again.error) == ("queued", None)
    assert again.sequence == before["sequence"] + 1
    assert answer.headers["Retry-After"]
    assert (after["status"], after["attempts"]) == ("succeeded", 2)


def test_a_retry_may_wait_for_the_price(
    failed: str, finish: Finish, client: Client, caller: Headers
) -> None:
    """200 with the price when it came in time."""
    url = f"/v1/predictions/{failed}/retry"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.post, url, headers={**caller, "Prefer": "wait=10"})
        while not finish():
            pass
        answer = waiting.result()

    assert (answer.status_code, answer.json["status"]) == (200, "succeeded")
    assert answer.headers["Preference-Applied"] == "wait=10"


def test_a_retry_takes_a_deadline_of_its_own(
    failed: str, client: Client, caller: Headers, redis: redis_py.Redis
) -> None:
    """In Cancel-After, as a submit takes it."""
    url = f"/v1/predictions/{failed}/retry"
    bad = client.post(url, headers={**caller, "Cancel-After": "soon"})
    assert_problem(bad, 400, "malformed-header")

    client.post(url, headers={**caller, "Cancel-After": "1m"})

    record: Any = redis.hgetall(f"kerbside:job:{failed}")
    assert int(record[b"deadline"]) - int(record[b"sent"]) == 60_000


def test_what_is_open_or_priced_cannot_be_retried(
    submit: Submit, finish: Finish, client: Client, caller: Headers
) -> None:
    """409 says in which status it is."""
    url = f"/v1/predictions/{submit().json['id']}/retry"

    open_still = client.post(url, headers=caller)
    finish()
    priced = client.post(url, headers=caller)

    assert "starting" in assert_problem(open_still, 409, "not-retryable")["detail"]
    assert "succeeded" in assert_problem(priced, 409, "not-retryable")["detail"]


def test_a_deleted_prediction_is_410_and_not_listed(
    submit: Submit, finish: Finish, client: Client, caller: Headers
) -> None:
    """What is left says which, when and why; house and price are gone."""
    url = f"/v1/predictions/{submit().json['id']}"
    finish()

    answer = client.delete(url, headers=caller)

    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    problem = assert_problem(client.get(url, headers=caller), 410, "prediction-removed")
    assert url.endswith(problem["id"])
    assert (problem["reason"], problem["data_removed"]) == ("deleted", True)
    assert problem["deleted_at"] >= problem["completed_at"]
    assert client.get("/v1/predictions", headers=caller).json["results"] == []
    for again in ("cancel", "retry"):
        gone = client.post(f"{url}/{again}", headers=caller)
        assert_problem(gone, 410, "prediction-removed")
    assert client.delete(url, headers=caller).status_code == 204


def test_a_deleted_prediction_is_nowhere_in_redis(
    submit: Submit, client: Client, caller: Headers, redis: redis_py.Redis
) -> None:
    """No key holds a label or a feature of it."""
    job = submit(metadata={"name": "Ms Rowan"}).json
    client.delete(f"/v1/predictions/{job['id']}", headers=caller)

    kept = b" ".join(redis.dump(key) or b"" for key in redis.scan_iter())
    assert b"Rowan" not in kept
    assert json.dumps(job["input"]["sqft_living"]).encode() not in kept


def test_who_waits_for_a_prediction_that_is_deleted_is_told(
    submit: Submit, client: Client, caller: Headers, redis: redis_py.Redis
) -> None:
    """At once, not when the wait is over."""
    url = f"/v1/predictions/{submit().json['id']}"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get, url, headers={**caller, "Prefer": "wait=60"})
        while not redis.pubsub_channels("kerbside:finished:*"):
            pass
        client.delete(url, headers=caller)
        answer = waiting.result(30)

    assert_problem(answer, 410, "prediction-removed")


@pytest.mark.parametrize("name", [str(uuid.UUID(int=1)), "x"])
def test_nothing_can_be_done_to_what_is_unknown(
    client: Client, caller: Headers, name: str
) -> None:
    """404, whatever the verb."""
    url = f"/v1/predictions/{name}"
    answers = [
        client.delete(url, headers=caller),
        client.post(f"{url}/retry", headers=caller),
    ]

    for answer in answers:
        assert_problem(answer, 404, "unknown-prediction")


def test_another_tenants_prediction_cannot_be_changed(
    submit: Submit, client: Client, caller: Headers, bearer: MakeHeaders
) -> None:
    """It does not exist for others, and stays as it is."""
    job = submit().json
    url, theirs = f"/v1/predictions/{job['id']}", bearer("globex")

    for answer in (
        client.delete(url, headers=theirs),
        client.post(f"{url}/retry", headers=theirs),
    ):
        assert_problem(answer, 404, "unknown-prediction")

    assert client.get(url, headers=caller).json == job

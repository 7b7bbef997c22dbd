"""The laws of what a client is told of its limits."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from api.services import Services
from tests.api.conftest import (
    Client,
    Finish,
    Headers,
    MakeHeaders,
    Submit,
    assert_problem,
)
from worker.admission import Admission
from worker.credentials import ApiKeys
from worker.ledger import Ledger
from worker.limits import RateLimit

Limited = Callable[..., Headers]


@pytest.fixture
def limited(keys: ApiKeys) -> Limited:
    """Return a function that makes a key which may send little, and its header."""

    def limited(requests: int = 2) -> Headers:
        limit = RateLimit(requests, 3600)
        scopes = ["predict", "read"]
        token, _ = keys.create(tenant="acme", scopes=scopes, rate_limit=limit)
        return {"Authorization": f"Bearer {token}"}

    return limited


@pytest.fixture
def set_up(
    shared: Services, book: Ledger, monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[str, Any]], None]:
    """Return a function that changes settings of the queue."""

    def set_up(changes: dict[str, Any]) -> None:
        changed = shared.settings.model_copy(update=changes)
        admission = Admission(book, changed)
        monkeypatch.setattr(shared.queue, "_admission", admission)

    return set_up


def test_a_submit_tells_what_its_key_has_left(submit: Submit, limited: Limited) -> None:
    """In the structured fields of the IETF's draft, by either method."""
    answer = submit(key=limited())

    assert answer.status_code == 202
    assert answer.headers["RateLimit-Policy"] == '"default";q=2;w=3600'
    assert answer.headers["RateLimit"] == '"default";r=1;t=1800'


def test_a_put_and_a_repeat_tell_it_too(
    client: Client, limited: Limited, house: dict[str, Any]
) -> None:
    """Each is a request; a poll is none that counts."""
    key, url = limited(), f"/v1/predictions/{uuid.uuid4()}"
    answers = [client.put(url, json={"input": house}, headers=key) for _ in range(2)]

    assert [one.status_code for one in answers] == [202, 200]
    assert [one.headers["RateLimit"] for one in answers] == [
        '"default";r=1;t=1800',
        '"default";r=0;t=1800',
    ]
    assert "RateLimit" not in client.get(url, headers=key).headers


def test_a_held_submit_tells_it_too(
    submit: Submit, limited: Limited, finish: Finish
) -> None:
    """Whether it waited for its price, or was a repeat that did."""
    key = limited()
    headers = {"Idempotency-Key": "k", "Prefer": "wait=1"}
    first = submit(headers, key=key)
    finish()
    again = submit(headers, key=key)

    assert (first.status_code, again.status_code) == (202, 201)
    assert first.headers["RateLimit"] == '"default";r=1;t=1800'
    assert re.fullmatch(r'"default";r=0;t=1(800|79\d)', again.headers["RateLimit"])


def test_one_request_more_is_429_and_says_when_the_next_one_fits(
    submit: Submit, limited: Limited, redis: redis_py.Redis
) -> None:
    """Nothing is queued, and clients that were refused together return apart."""
    key = limited(1)
    submit(key=key)
    refused = [submit(key=key) for _ in range(20)]

    problem = assert_problem(refused[0], 429, "quota-exceeded")
    assert problem["detail"].startswith("This API key may send 1 requests in 3600 s")
    waits = {int(one.headers["Retry-After"]) for one in refused}
    assert 3600 <= min(waits) < max(waits) <= 5400
    assert refused[0].headers["RateLimit-Policy"] == '"default";q=1;w=3600'
    assert refused[0].headers["RateLimit"] == '"default";r=0;t=3600'
    assert redis.llen("predictions") == 1


def test_a_key_of_its_own_limit_leaves_others_alone(
    submit: Submit, limited: Limited, bearer: MakeHeaders
) -> None:
    """Keys of one tenant count apart; without a limit of its own the default holds."""
    narrow = limited(1)
    assert [submit(key=narrow).status_code for _ in range(2)] == [202, 429]

    other = submit(key=bearer())
    assert other.headers["RateLimit-Policy"] == '"default";q=120000;w=60'
    assert other.headers["RateLimit"] == '"default";r=119999;t=1'


def test_a_request_that_cannot_be_read_costs_nothing(
    submit: Submit, limited: Limited
) -> None:
    """It never reaches the queue."""
    key = limited(1)
    for _ in range(3):
        assert submit(key=key, metadata=5).status_code == 422

    assert submit(key=key).status_code == 202


def test_a_tenant_with_too_many_open_jobs_is_429(
    submit: Submit, set_up: Callable[[dict[str, Any]], None], finish: Finish
) -> None:
    """Until some have ended."""
    set_up({"tenant_quota": 1})
    submit()
    answer = submit()

    problem = assert_problem(answer, 429, "open-jobs-quota")
    assert problem["detail"].startswith("You may have 1 unfinished predictions")
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["RateLimit-Policy"] == '"default";q=120000;w=60'
    assert "RateLimit" in answer.headers
    finish()
    assert submit().status_code == 202


@pytest.mark.parametrize(
    ("deadline", "told"),
    [
        (None, "61 s, more than the 60 s that this service lets a job wait"),
        (8.0, "123 s, more than the 6 s that your deadline of 8 s leaves for it"),
        (3600.0, "61 s, more than the 60 s that this service lets a job wait"),
    ],
)
def test_a_wait_that_is_too_long_is_503_and_names_both(
    submit: Submit, redis: redis_py.Redis, deadline: float | None, told: str
) -> None:
    """How long it would be, how long it may be, and when to come back."""
    for _ in range(61):
        submit()
    redis.set("kerbside:capacity:predictions", "1 1")
    answer = submit(deadline=deadline)

    problem = assert_problem(answer, 503, "temporary-reduced-capacity")
    assert answer.headers["RateLimit"].startswith('"default";r=')
    assert problem["detail"] == f"The expected wait is {told}; nothing was queued."
    assert 60 <= int(answer.headers["Retry-After"]) <= 90
    assert redis.llen("predictions") == 61


def test_a_near_deadline_in_an_unknown_line_is_503(submit: Submit) -> None:
    """With how many are before it."""
    for _ in range(32):
        submit()
    answer = submit(deadline=5)

    problem = assert_problem(answer, 503, "temporary-reduced-capacity")
    assert problem["detail"].startswith("How fast jobs are priced now is not known")
    assert "32 are before yours" in problem["detail"]
    assert "RateLimit" in answer.headers


def test_who_reuses_a_key_or_an_id_is_told_what_is_left(
    client: Client, submit: Submit, limited: Limited, house: dict[str, Any]
) -> None:
    """Each such request was counted."""
    key = limited(4)
    submit({"Idempotency-Key": "k"}, key=key)
    reused = submit({"Idempotency-Key": "k"}, key=key, metadata={"a": "b"})
    assert_problem(reused, 422, "idempotency-key-reused")
    url = f"/v1/predictions/{uuid.uuid4()}"
    client.put(url, json={"input": house}, headers=key)
    other = {"input": house, "metadata": {"a": "b"}}
    taken = client.put(url, json=other, headers=key)
    assert_problem(taken, 409, "id-taken")

    assert reused.headers["RateLimit"] == '"default";r=2;t=1800'
    assert taken.headers["RateLimit"] == '"default";r=0;t=900'


def test_a_retry_tells_what_its_key_has_left(
    client: Client, submit: Submit, limited: Limited
) -> None:
    """Held or not."""
    key = limited(3)
    url = f"/v1/predictions/{submit(key=key).json['id']}"
    told = []
    for more in ({}, {"Prefer": "wait=1"}):
        client.post(f"{url}/cancel", headers=key)
        told.append(client.post(f"{url}/retry", headers=key | more))

    assert [one.status_code for one in told] == [202, 202]
    assert [one.headers["RateLimit"] for one in told] == [
        '"default";r=1;t=2400',
        '"default";r=0;t=1200',
    ]


def test_a_retry_is_limited_like_a_submit(
    client: Client, submit: Submit, limited: Limited
) -> None:
    """It makes as much work."""
    key = limited(1)
    url = f"/v1/predictions/{submit(key=key).json['id']}"
    client.post(f"{url}/cancel", headers=key)

    assert_problem(client.post(f"{url}/retry", headers=key), 429, "quota-exceeded")

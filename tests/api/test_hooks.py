"""The laws of every answer: ids, headers, problems."""

import json
import logging
from typing import Any

import pytest
import redis as redis_py
from flask import Flask

from api import hooks
from api.auth import public
from api.services import Services
from model_store.errors import StoreError
from tests.api.conftest import Client, Headers, Submit, assert_problem
from worker.jobs import Submission


def test_a_request_id_is_echoed(client: Client) -> None:
    """A client finds its own id in the answer, in errors too."""
    headers = {"Request-Id": "order-7/attempt:2"}

    good = client.get("/healthz", headers=headers)
    bad = client.get("/v1/models", headers=headers)

    assert good.headers["Request-Id"] == "order-7/attempt:2"
    assert assert_problem(bad, 401, "missing-key")["request_id"] == "order-7/attempt:2"


@pytest.mark.parametrize("given", [None, "", "a b", "x" * 129, "ü"])
def test_a_request_without_an_id_gets_one(client: Client, given: str | None) -> None:
    """What is no id is replaced by one that is."""
    headers = {} if given is None else {"Request-Id": given}

    ids = {client.get("/healthz", headers=headers).headers["Request-Id"] for _ in "ab"}

    assert len(ids) == 2
    assert given not in ids


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/prediction",
        "/v1/predictions/",
        "//v1/predictions",
        "/docs/",
        "/assets/",
        "/assets/../../secret",
        "/assets/x",
    ],
)
def test_an_unknown_address_is_404(client: Client, path: str) -> None:
    """Another spelling of an address is another address: no redirect, no HTML."""
    assert_problem(client.get(path), 404, "no-such-route")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/predictions", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", "/v1/predictions/x/cancel", {"OPTIONS", "POST"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_another_method_is_405_with_those_allowed(
    client: Client, method: str, path: str, allowed: set[str]
) -> None:
    """The Allow header says what would do."""
    answer = client.open(path, method=method)

    assert_problem(answer, 405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/predictions", "GET, HEAD, OPTIONS, POST"),
        ("/v1/predictions/x", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("/v1/predictions/x/retry", "OPTIONS, POST"),
    ],
)
def test_an_address_tells_anybody_which_methods_it_takes(
    client: Client, path: str, allowed: str
) -> None:
    """OPTIONS needs no key: the document says the same."""
    answer = client.options(path)

    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Allow"] == allowed
    assert answer.headers["Request-Id"]
    assert_problem(client.options("/v1/nothing"), 404, "no-such-route")


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0"])
def test_a_client_that_takes_no_json_is_406(
    client: Client, caller: Headers, accept: str
) -> None:
    """There is only one form of an answer."""
    answer = client.get("/v1/models", headers={**caller, "Accept": accept})

    assert_problem(answer, 406, "not-acceptable")


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/*", "text/html, application/json;q=0.1"]
)
def test_a_client_that_takes_json_is_served(
    client: Client, caller: Headers, accept: str
) -> None:
    """Also when it would rather have something else."""
    answer = client.get("/v1/models", headers={**caller, "Accept": accept})

    assert answer.status_code == 200


def test_a_fault_of_ours_is_500_without_a_trace(
    submit: Submit,
    shared: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log has the trace under the id that the client is given."""
    words = "s3cret"

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(words)

    monkeypatch.setattr(type(shared.queue), "submit", broken)

    answer = submit()

    problem = assert_problem(answer, 500, "internal-error")
    assert b"s3cret" not in answer.data
    assert b"Traceback" not in answer.data
    assert problem["request_id"] in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "test_hooks.py" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        redis_py.ConnectionError("refused"),
        redis_py.TimeoutError("late"),
        redis_py.exceptions.BusyLoadingError("loading"),
        redis_py.exceptions.ReadOnlyError("replica"),
        redis_py.ResponseError("MISCONF disk full"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_redis_that_fails_is_503(
    submit: Submit,
    shared: Services,
    monkeypatch: pytest.MonkeyPatch,
    error: redis_py.RedisError,
) -> None:
    """The client is told when to come back, and to use the same key."""

    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(type(shared.queue), "submit", broken)

    answer = submit()

    problem = assert_problem(answer, 503, "job-store-unavailable")
    assert "same Idempotency-Key" in problem["detail"]
    assert 5 <= int(answer.headers["Retry-After"]) <= 8


def test_a_model_store_that_fails_is_503(
    client: Client,
    caller: Headers,
    shared: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The store's own words stay inside."""

    def broken(*_: object) -> list[str]:
        raise StoreError("/srv/models: permission denied")

    monkeypatch.setattr(type(shared.catalog), "versions", broken)

    answer = client.get("/v1/models", headers=caller)

    assert_problem(answer, 503, "model-store-unavailable")
    assert b"/srv" not in answer.data


def test_a_strange_host_changes_no_url(submit: Submit) -> None:
    """URLs come from the settings, never from the request."""
    answer = submit({"Host": "evil.example", "X-Forwarded-Host": "evil.example"})

    assert b"evil" not in answer.data
    assert "evil" not in str(answer.headers)


def test_head_answers_as_get_without_the_body(
    submit: Submit, client: Client, caller: Headers
) -> None:
    """Same headers, no bytes."""
    url = f"/v1/predictions/{submit().json['id']}"

    head, get = client.head(url, headers=caller), client.get(url, headers=caller)

    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(get.data))
    assert head.headers["ETag"] == get.headers["ETag"]


def test_a_view_that_says_nothing_of_its_callers_is_refused(app: Flask) -> None:
    """A forgotten mark stops the start, it does not open a door."""
    fresh = Flask("fresh", static_folder=None)
    fresh.add_url_rule("/open", view_func=public(lambda: "open"))
    hooks.install(fresh)
    fresh = Flask("fresh", static_folder=None)
    fresh.add_url_rule("/forgotten", "forgotten", view_func=lambda: "x")

    with pytest.raises(LookupError, match="forgotten"):
        hooks.install(fresh)


def test_no_house_is_logged(
    submit: Submit,
    shared: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    house: dict[str, Any],
) -> None:
    """Neither a fault of ours that quotes a house nor a bad submit gets it logged."""

    def broken(_: object, submission: Submission, **__: object) -> None:
        raise ValueError(submission.input.decode())

    monkeypatch.setattr(type(shared.queue), "submit", broken)
    caplog.set_level(logging.DEBUG)

    assert submit().status_code == 500
    assert submit(input={**house, "zipcode": "77777x"}).status_code == 422

    assert "ValueError" in caplog.text
    assert "77777x" not in caplog.text
    assert json.dumps(house["lat"]) not in caplog.text


def test_a_model_store_that_cannot_be_read_is_told_once_in_a_while(
    submit: Submit,
    shared: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The operator learns why all submits are answered 503, not at each of them."""

    def damaged(*_: object) -> None:
        raise StoreError("card.json of 20150527 is damaged")

    monkeypatch.setattr(type(shared.catalog), "served", damaged)

    answers = [submit() for _ in range(3)]

    for answer in answers:
        assert_problem(answer, 503, "model-store-unavailable")
    assert caplog.text.count("card.json of 20150527 is damaged") == 1

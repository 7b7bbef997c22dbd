"""The routes that carry the load, with Flask's dispatch and without."""

import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client as WsgiClient

from api.hot_routes import HotRoutes
from tests.api.conftest import Client, Finish, Headers, MakeHeaders, Submit

_JSON = {"Content-Type": "application/json"}
_SUBMIT, _POLL = "/v1/predictions", "{poll}"
_REPEAT = {**_JSON, "Idempotency-Key": "first"}
_HOUSE = b"{house}"

#: Requests of each kind: method, path, headers, scopes of the key, body.
_ASKED: dict[str, tuple[str, str, Headers, str, bytes]] = {
    "repeated submit": ("POST", _SUBMIT, _REPEAT, "predict", _HOUSE),
    "repeated submit that waits": (
        "POST",
        _SUBMIT,
        {**_REPEAT, "Prefer": "wait=1"},
        "predict",
        _HOUSE,
    ),
    "invalid submit": ("POST", _SUBMIT, _JSON, "predict", b"{}"),
    "submit without a key": ("POST", _SUBMIT, _JSON, "", _HOUSE),
    "submit without the scope": ("POST", _SUBMIT, _JSON, "read", _HOUSE),
    "submit of text": ("POST", _SUBMIT, {}, "predict", b"x"),
    "submit too large": ("POST", _SUBMIT, _JSON, "predict", b" " * 1_048_577),
    "poll": ("GET", _POLL, {}, "read", b""),
    "poll that waits": ("GET", _POLL, {"Prefer": "wait=1"}, "read", b""),
    "poll of what is known": ("GET", _POLL, {"If-None-Match": "*"}, "read", b""),
    "poll without a key": ("GET", _POLL, {}, "", b""),
    "poll without the scope": ("GET", _POLL, {}, "predict", b""),
    "poll for a page": ("GET", _POLL, {"Accept": "text/html"}, "read", b""),
}


@pytest.fixture
def flask_alone(app: Flask) -> WsgiClient:
    """Return a client of the application without the short way."""
    assert isinstance(app.wsgi_app, HotRoutes)
    return WsgiClient(app.wsgi_app._flask)  # noqa: SLF001 - the other way is its secret


@pytest.fixture(params=["open", "finished"])
def polled(request: pytest.FixtureRequest, submit: Submit, finish: Finish) -> str:
    """Return the path of a job that was submitted with the key `first`."""
    job_id = submit({"Idempotency-Key": "first"}).json["id"]
    if request.param == "finished":
        finish()
    return f"/v1/predictions/{job_id}"


@pytest.mark.parametrize("asked", _ASKED)
def test_both_ways_answer_alike(
    asked: str,
    client: Client,
    flask_alone: WsgiClient,
    polled: str,
    bearer: MakeHeaders,
    house: dict[str, Any],
) -> None:
    """Status, headers and body are the same, of an open job and of a finished one."""
    method, path, more, scope, body = _ASKED[asked]
    caller = bearer(scopes=scope) if scope else {}
    sent = json.dumps({"input": house}).encode() if body == _HOUSE else body

    short, flask = (
        one.open(
            path.format(poll=polled),
            method=method,
            headers={**more, **caller, "Request-Id": "the-same"},
            data=sent,
        )
        for one in (client, flask_alone)
    )

    assert short.status == flask.status
    assert dict(short.headers) == dict(flask.headers)
    assert short.data == flask.data


def test_a_poll_of_what_is_known_has_no_body(
    client: Client, caller: Headers, submit: Submit, finish: Finish
) -> None:
    """304 says nothing of a content that it does not have."""
    path = "/v1/predictions/" + submit().json["id"]
    finish()
    known = client.get(path, headers=caller).headers["ETag"]

    answer = client.get(path, headers={**caller, "If-None-Match": known})

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == known
    assert "Content-Type" not in answer.headers

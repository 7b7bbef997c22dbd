"""The two routes that carry the load, with Flask's dispatch and without."""

import pytest
from flask import Flask
from werkzeug.test import Client as WsgiClient

from api.hot_routes import HotRoutes
from tests.api.conftest import Client, Finish, Headers, Submit

_JSON = {"Content-Type": "application/json"}
_HTML = {"Accept": "text/html"}
_SUBMIT, _POLL = "/v1/predictions", "{poll}"

#: Requests of each kind: method, path, headers, whether with a key, body.
_ASKED: dict[str, tuple[str, str, Headers, bool, bytes]] = {
    "submit": ("POST", _SUBMIT, _JSON, True, b"{}"),
    "submit without a key": ("POST", _SUBMIT, _JSON, False, b"{}"),
    "submit of text": ("POST", _SUBMIT, {}, True, b"x"),
    "submit too large": ("POST", _SUBMIT, _JSON, True, b" " * 1_048_577),
    "poll": ("GET", _POLL, {}, True, b""),
    "poll with HEAD": ("HEAD", _POLL, {}, True, b""),
    "poll without a key": ("GET", _POLL, {}, False, b""),
    "poll of no id": ("GET", _POLL + "x", {}, True, b""),
    "poll for a page": ("GET", _POLL, _HTML, True, b""),
    "another method": ("DELETE", _POLL, {}, True, b""),
}


@pytest.fixture
def flask_alone(app: Flask) -> WsgiClient:
    """Return a client of the application without the short way."""
    assert isinstance(app.wsgi_app, HotRoutes)
    return WsgiClient(app.wsgi_app._flask)  # noqa: SLF001 - the other way is its secret


@pytest.mark.parametrize("asked", _ASKED)
def test_both_ways_answer_alike(
    asked: str,
    client: Client,
    flask_alone: WsgiClient,
    caller: Headers,
    submit: Submit,
    finish: Finish,
) -> None:
    """Status, headers and body are the same."""
    path = "/v1/predictions/" + submit().json["id"]
    finish()
    method, asked_path, more, with_key, body = _ASKED[asked]
    headers = {**more, **(caller if with_key else {}), "Request-Id": "the-same"}

    short, flask = (
        one.open(
            asked_path.format(poll=path), method=method, headers=headers, data=body
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

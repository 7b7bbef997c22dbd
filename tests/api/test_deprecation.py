"""The laws of routes that are to end."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api import predictions
from api.deprecation import Deprecation, deprecated
from tests.api.conftest import Client, Headers, Submit

TOLD = Deprecation(
    since=datetime(2027, 1, 1, tzinfo=UTC),
    sunset=datetime(2027, 7, 1, 12, tzinfo=UTC),
    more="https://kerbside.example/changes",
)


@pytest.fixture
def ending(app: Flask) -> Iterator[Client]:
    """Return a client of an application whose list and poll are to end."""
    views: list[Any] = [
        app.view_functions[f"predictions.{name}"] for name in ("list_all", "fetch")
    ]
    views.append(predictions.fetch)
    for view in views:
        deprecated(TOLD)(view)
    app.test_client_class = FlaskClient
    yield app.test_client()
    for view in views:
        del view.deprecation


def test_every_answer_of_a_route_that_is_to_end_says_so(
    ending: Client, caller: Headers
) -> None:
    """An error too; RFC 9745, RFC 8594."""
    for answer in (
        ending.get("/v1/predictions", headers=caller),
        ending.get("/v1/predictions?limit=0", headers=caller),
        ending.get("/v1/predictions"),
    ):
        assert answer.headers["Deprecation"] == "@1798761600"
        assert answer.headers["Sunset"] == "Thu, 01 Jul 2027 12:00:00 GMT"
        assert (
            answer.headers["Link"]
            == '<https://kerbside.example/changes>; rel="deprecation"; type="text/html"'
        )


def test_a_route_ahead_of_flask_says_so_too(
    ending: Client, submit: Submit, caller: Headers
) -> None:
    """Both ways of dispatch tell the same."""
    job = submit().json

    answer = ending.get(f"/v1/predictions/{job['id']}", headers=caller)

    assert answer.headers["Deprecation"] == "@1798761600"


def test_other_links_of_the_answer_stay(
    ending: Client, submit: Submit, caller: Headers
) -> None:
    """A list still leads to its next page."""
    for _ in range(2):
        submit()

    link = ending.get("/v1/predictions?limit=1", headers=caller).headers["Link"]

    assert 'rel="next"' in link
    assert 'rel="deprecation"' in link


def test_the_document_says_so(ending: Client) -> None:
    """Of that route, and of no other."""
    paths = ending.get("/openapi.json").json["paths"]["/v1/predictions"]

    assert paths["get"]["deprecated"] is True
    for answer in paths["get"]["responses"].values():
        assert {"Deprecation", "Sunset", "Link"} <= answer["headers"].keys()
    assert "deprecated" not in paths["post"]


def test_nothing_is_said_of_a_route_that_stays(client: Client, caller: Headers) -> None:
    """No header, nothing in the document."""
    answer = client.get("/v1/predictions", headers=caller)

    assert "Deprecation" not in answer.headers
    assert "Sunset" not in answer.headers

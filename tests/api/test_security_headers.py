"""The laws of what a browser may do with an answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from api import security_headers
from api.app import create_app
from api.settings import ApiSettings
from tests.api.conftest import Client, Headers, Submit
from tests.api.test_auth import guarded

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}


def answers(client: Client, app: Flask, submit: Submit, key: Headers) -> Iterator[Any]:
    """Yield an answer of every kind: results, errors, denials, nothing at all."""
    made = submit()
    yield made
    url = f"/v1/predictions/{made.json['id']}"
    yield client.get(url, headers=key)
    tag = {"If-None-Match": client.get(url, headers=key).headers["ETag"]}
    yield client.get(url, headers={**key, **tag})
    yield client.delete(url, headers=key)
    yield client.get(url, headers=key)
    yield submit(version=3)
    yield from (client.open(path, method=method) for method, path, _ in guarded(app))
    for path in ("/healthz", "/readyz", "/openapi.json", "/no/such", "//x/y"):
        yield client.get(path)
    yield client.put("/v1/predictions")
    yield client.options("/v1/predictions")


def test_every_answer_tells_browsers_to_do_nothing_with_it(
    app: Flask, client: Client, submit: Submit, caller: Headers
) -> None:
    """Whatever it is, and whether it went well."""
    statuses = set()
    for answer in answers(client, app, submit, caller):
        told = {name: answer.headers.get_all(name) for name in EXPECTED}

        assert told == {name: [value] for name, value in EXPECTED.items()}
        statuses.add(answer.status_code)
    assert statuses >= {200, 202, 204, 304, 401, 404, 405, 410, 422}


@pytest.mark.parametrize(
    ("public_url", "is_strict"),
    [("https://api.example.org", True), ("http://127.0.0.1:8000", False)],
)
def test_only_a_service_behind_https_asks_for_it(
    public_url: str, *, is_strict: bool, redis_url: str, store: Any
) -> None:
    """Elsewhere the header would lock its clients out."""
    settings = ApiSettings(
        redis_url=redis_url, store_url=store.url, public_url=public_url
    )
    answer = create_app(settings).test_client().get("/healthz")

    assert ("Strict-Transport-Security" in answer.headers) is is_strict
    told = security_headers.chosen(public_url)
    assert ("Strict-Transport-Security" in told) is is_strict


def test_no_script_of_another_site_is_let_in(
    app: Flask, client: Client, submit: Submit, caller: Headers
) -> None:
    """No answer says Access-Control-, least of all that to a preflight."""
    origin = {"Origin": "https://evil.example"}
    preflight = {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    told = [submit(origin), client.get("/v1/models", headers={**origin, **caller})]
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<", "").replace(">", "")
        told += [
            client.options(path, headers=preflight),
            client.get(path, headers=origin),
        ]

    for answer in told:
        assert not [
            name
            for name in answer.headers.keys()  # noqa: SIM118 -- Headers yields pairs
            if name.startswith("Access-Control")
        ]

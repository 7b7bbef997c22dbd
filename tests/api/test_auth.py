"""The laws of who may call."""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
import redis as redis_py
from flask import Flask
from werkzeug.routing import Rule

from api.auth import Authenticator
from api.errors import InvalidKey, MissingKey, MissingScope
from tests.api.conftest import Client, Headers, MakeHeaders, assert_problem
from tests.clock import Clock
from worker.credentials import RESERVED, SCOPES, ApiKey, ApiKeys

UNKNOWN_ID = "00000000-0000-0000-0000-000000000000"


class CountingKeys(ApiKeys):
    """Counts how often Redis is asked."""

    asked = 0

    def find(self, key_id: str) -> ApiKey | None:
        """Count and find."""
        self.asked += 1
        return super().find(key_id)


@pytest.fixture
def counted(redis: redis_py.Redis, clock: Clock) -> CountingKeys:
    """Return keys that count look-ups."""
    return CountingKeys(redis, now=clock.now)


@pytest.fixture
def authenticate(counted: CountingKeys, clock: Clock) -> Callable[[str | None], str]:
    """Return a function that authenticates a token and returns its tenant."""
    authenticator = Authenticator(counted, cache_s=5, clock=clock, now=clock.now)

    def authenticate(token: str | None) -> str:
        header = None if token is None else f"Bearer {token}"
        return authenticator.authenticate(header, before_lookup=lambda: None).tenant

    return authenticate


Authenticate = Callable[[str | None], str]


def test_a_key_is_looked_up_once_in_five_seconds(
    counted: CountingKeys, clock: Clock, authenticate: Authenticate
) -> None:
    """The hot routes do not ask Redis who calls."""
    token, _ = counted.create(tenant="acme", scopes=["read"])

    assert [authenticate(token) for _ in range(3)] == ["acme"] * 3
    assert counted.asked == 1
    clock.seconds += 5
    assert authenticate(token) == "acme"
    assert counted.asked == 2


def test_a_revoked_key_works_for_five_seconds_at_most(
    counted: CountingKeys, clock: Clock, authenticate: Authenticate
) -> None:
    """The delay that the documentation states."""
    token, key = counted.create(tenant="acme", scopes=["read"])
    authenticate(token)
    counted.revoke(key.id)

    clock.seconds += 4.9
    assert authenticate(token) == "acme"
    clock.seconds += 0.1
    with pytest.raises(InvalidKey):
        authenticate(token)


def test_an_unknown_key_is_remembered_too(
    counted: CountingKeys, clock: Clock, authenticate: Authenticate
) -> None:
    """A client that keeps trying a dead key costs nothing; a new key works soon."""
    token, key = counted.create(tenant="acme", scopes=["read"])
    counted.revoke(key.id)
    counted.asked = 0
    for _ in range(3):
        with pytest.raises(InvalidKey):
            authenticate(token)
    assert counted.asked == 1

    clock.seconds += 5
    with pytest.raises(InvalidKey):
        authenticate(token)
    assert counted.asked == 2


def test_a_flood_of_guesses_pushes_out_no_good_key(
    counted: CountingKeys, authenticate: Authenticate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good and bad keys are remembered apart, each in bounded memory."""
    monkeypatch.setattr("api.auth._REMEMBERED", 10)
    token, _ = counted.create(tenant="acme", scopes=["read"])
    authenticate(token)
    for number in range(50):
        with pytest.raises(InvalidKey):
            authenticate(f"kb_{number:012}_{'a' * 43}")
    asked = counted.asked

    authenticate(token)

    assert counted.asked == asked


def test_a_key_expires_on_time_although_it_is_remembered(
    counted: CountingKeys, clock: Clock, authenticate: Authenticate
) -> None:
    """No memory outlives the key."""
    token, _ = counted.create(
        tenant="acme", scopes=["read"], expires_at=clock.now() + timedelta(seconds=2)
    )
    assert authenticate(token) == "acme"

    clock.seconds += 2
    with pytest.raises(InvalidKey):
        authenticate(token)


def test_a_wrong_secret_opens_nothing(
    counted: CountingKeys, authenticate: Authenticate
) -> None:
    """The id alone is no key."""
    token, _ = counted.create(tenant="acme", scopes=["read"])
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")

    with pytest.raises(InvalidKey):
        authenticate(wrong)


@pytest.mark.parametrize("token", ["x", "kb_x_y", "kb_" + "é" * 56, "a" * 100_000])
def test_what_is_no_token_is_refused_without_a_look_up(
    counted: CountingKeys, authenticate: Authenticate, token: str
) -> None:
    """Nonsense costs Redis nothing."""
    with pytest.raises(InvalidKey):
        authenticate(token)
    assert counted.asked == 0


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc"])
def test_no_token_is_a_missing_key(counted: CountingKeys, header: str | None) -> None:
    """Another scheme is none."""
    authenticator = Authenticator(counted, cache_s=5)

    with pytest.raises(MissingKey):
        authenticator.authenticate(header, before_lookup=lambda: None)


def test_operate_counts_for_the_operator_only(
    counted: CountingKeys, redis: redis_py.Redis
) -> None:
    """A record that other hands wrote lends no tenant the operator's reach."""
    token, key = counted.create(tenant="operator", scopes=["operate", "figures"])
    forged = key.to_json().replace(b'"operator"', b'"acme"')
    redis.hset("kerbside:keys", key.id, forged)

    caller = Authenticator(counted, cache_s=5).authenticate(
        f"Bearer {token}", before_lookup=lambda: None
    )

    assert caller.tenant == "acme"
    for scope in ("operate", "figures"):
        with pytest.raises(MissingScope):
            caller.require(scope)


def test_who_operates_reads_figures_and_not_the_other_way_round(
    app: Flask, client: Client, bearer: MakeHeaders
) -> None:
    """The key of a scrape or of an autoscaler changes nothing, and sees no record."""
    figures, operate = bearer("operator", "figures"), bearer("operator", "operate")
    open_to_it = set()
    for method, path, scopes in guarded(app):
        if not RESERVED.intersection(scopes):
            continue
        assert client.open(path, method=method, headers=operate).status_code != 403
        if client.open(path, method=method, headers=figures).status_code != 403:
            open_to_it.add((method, path))

    paths = {"/metrics", "/v1/ops/scaler", "/v1/ops/history", "/v1/ops/queues"}
    assert open_to_it == {(verb, path) for verb in ("GET", "HEAD") for path in paths}


def _rules(app: Flask) -> Iterator[Rule]:
    return app.url_map.iter_rules()


def guarded(app: Flask) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return method, path and scopes of every route that is not for anybody."""
    return [
        (method, re.sub(r"<[^>]+>", UNKNOWN_ID, rule.rule), view.scopes)
        for rule in _rules(app)
        for view in [cast("Any", app.view_functions[rule.endpoint])]
        for method in sorted((rule.methods or set()) - {"OPTIONS"})
        if view.scopes
    ]


def test_only_what_is_meant_for_anybody_is_served_without_a_key(app: Flask) -> None:
    """A new route is one of those that the next test asks."""
    views = {rule.rule: app.view_functions[rule.endpoint] for rule in _rules(app)}

    assert {path for path, view in views.items() if not cast("Any", view).scopes} == {
        "/",
        "/assets/<name>",
        "/docs",
        "/ops",
        "/healthz",
        "/models/<version>",
        "/openapi.json",
        "/readyz",
    }


def test_every_route_denies_a_stranger_and_says_how_to_come_in(
    app: Flask, client: Client
) -> None:
    """401, a problem document and a challenge, RFC 6750: whatever the route."""
    for method, path, _ in guarded(app):
        none = client.open(path, method=method)
        bad = client.open(path, method=method, headers={"Authorization": "Bearer x"})

        assert none.headers["WWW-Authenticate"] == 'Bearer realm="kerbside"', path
        assert (
            bad.headers["WWW-Authenticate"]
            == 'Bearer realm="kerbside", error="invalid_token"'
        ), path
        if method != "HEAD":
            assert_problem(none, 401, "missing-key")
            assert_problem(bad, 401, "invalid-key")


def test_every_route_denies_a_key_without_one_of_its_scopes(
    app: Flask, client: Client, bearer: MakeHeaders
) -> None:
    """403 names the scope; a key that carries them all comes in.

    So a key that may only submit cannot read by canceling.
    """
    for method, path, scopes in guarded(app):
        for scope in scopes:
            # Who operates may read figures, too.
            wider = {"operate"} if scope in RESERVED else set()
            others = " ".join(set(SCOPES) - {scope} - wider)
            other = client.open(path, method=method, headers=bearer("operator", others))

            assert other.status_code == 403, path
            assert other.headers["WWW-Authenticate"] == (
                f'Bearer realm="kerbside", error="insufficient_scope", scope="{scope}"'
            )
            if method != "HEAD":
                assert_problem(other, 403, "missing-scope")
        headers = bearer("operator", " ".join(scopes))
        right = client.open(path, method=method, headers=headers)
        assert right.status_code not in {401, 403}, path


def test_the_key_is_checked_before_the_body(client: Client) -> None:
    """Who may not call learns nothing about what a body should be."""
    answer = client.post(
        "/v1/predictions", data=b"\x00" * 3_000_000, content_type="text/plain"
    )

    assert_problem(answer, 401, "missing-key")


def test_the_token_is_in_no_answer_and_no_log(
    client: Client, caller: Headers, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the client's logs nor ours get to know it."""
    caplog.set_level(logging.DEBUG)
    token = caller["Authorization"].removeprefix("Bearer ")

    answers = [
        client.post("/v1/predictions", data=b"{", headers=caller),
        client.get("/v1/ops/scaler", headers=caller),
        client.get("/v1/models", headers={"Authorization": f"Bearer {token}x"}),
    ]

    assert all(token.encode() not in answer.data for answer in answers)
    assert token not in caplog.text

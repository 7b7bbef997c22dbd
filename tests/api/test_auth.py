"""The laws of who may call."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
import redis as redis_py

from api.auth import Authenticator
from api.errors import InvalidKey, MissingKey, MissingScope
from tests.api.conftest import Client, Headers, MakeHeaders, assert_problem
from tests.clock import Clock
from worker.credentials import ApiKey, ApiKeys


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
    token, key = counted.create(tenant="operator", scopes=["operate"])
    forged = key.to_json().replace(b'"operator"', b'"acme"')
    redis.hset("kerbside:keys", key.id, forged)

    caller = Authenticator(counted, cache_s=5).authenticate(
        f"Bearer {token}", before_lookup=lambda: None
    )

    assert caller.tenant == "acme"
    with pytest.raises(MissingScope):
        caller.require("operate")


_ONE = "/v1/predictions/00000000-0000-0000-0000-000000000000"
#: Method, path, the scopes that are needed, one of them.
ROUTES = [
    ("POST", "/v1/predictions", "predict", "predict"),
    ("GET", "/v1/predictions", "read", "read"),
    ("GET", _ONE, "read", "read"),
    # What is canceled is shown: a key that may only submit cannot read by canceling.
    ("POST", f"{_ONE}/cancel", "predict read", "predict"),
    ("POST", f"{_ONE}/cancel", "predict read", "read"),
    ("GET", "/v1/models", "read", "read"),
    ("GET", "/v1/models/champion", "read", "read"),
    ("GET", "/v1/ops/scaler", "operate", "operate"),
]


@pytest.mark.parametrize(("method", "path", "needed", "scope"), ROUTES)
def test_every_route_needs_a_key_with_its_scopes(
    client: Client,
    bearer: MakeHeaders,
    method: str,
    path: str,
    needed: str,
    scope: str,
) -> None:
    """401 without a key or with a bad one, 403 with a key for something else."""
    others = " ".join({"predict", "read", "operate"} - {scope})

    none = client.open(path, method=method)
    bad = client.open(path, method=method, headers={"Authorization": "Bearer x"})
    other = client.open(path, method=method, headers=bearer("operator", others))
    right = client.open(path, method=method, headers=bearer("operator", needed))

    assert_problem(none, 401, "missing-key")
    assert none.headers["WWW-Authenticate"] == 'Bearer realm="kerbside"'
    assert_problem(bad, 401, "invalid-key")
    assert 'error="invalid_token"' in bad.headers["WWW-Authenticate"]
    assert_problem(other, 403, "missing-scope")
    assert f'scope="{scope}"' in other.headers["WWW-Authenticate"]
    assert right.status_code not in {401, 403}


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

"""The laws of /v1/keys."""

from typing import Any, get_args

import pytest
import redis as redis_py

from api.key_request import Scope
from api.schemas import ApiKey, ApiKeyList, NewApiKey
from api.services import Services
from tests.api.conftest import Client, Headers, MakeHeaders, assert_problem
from tests.patience import wait_until
from worker.credentials import SCOPES, ApiKeys, split_token
from worker.key_uses import KeyUses


def key_id(headers: Headers) -> str:
    """Return the id of the key that a header carries."""
    return headers["Authorization"].split("_")[1]


def test_a_key_is_made_and_its_token_is_shown_once(
    client: Client, operator: Headers
) -> None:
    """It works at once; nothing that is read later tells the secret."""
    wanted = {
        "tenant": "acme",
        "scopes": ["predict", "read"],
        "name": "web shop",
        "expires_in": 3600,
    }
    made = client.post("/v1/keys", json=wanted, headers=operator)

    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    key = NewApiKey.model_validate_json(made.data)
    assert made.headers["Location"] == f"https://api.example.org/v1/keys/{key.id}"
    assert (key.tenant, key.scopes, key.name) == (
        "acme",
        ["predict", "read"],
        "web shop",
    )
    assert key.expires_at
    assert (key.expires_at - key.created_at).total_seconds() == pytest.approx(3600)
    answer = client.get("/v1/models", headers={"Authorization": f"Bearer {key.token}"})
    assert answer.status_code == 200
    parts = split_token(key.token)
    assert parts
    for path in ("/v1/keys", f"/v1/keys/{key.id}", "/v1/ops/audit"):
        assert parts[1] not in client.get(path, headers=operator).text


@pytest.mark.parametrize(
    ("change", "pointer", "told"),
    [
        ({"tenant": "Acme"}, "/tenant", "Expected text that matches"),
        ({"tenant": "a" * 64}, "/tenant", "got 64 characters."),
        ({"tenant": 3}, "/tenant", "got 3: send it in quotes."),
        ({"scopes": []}, "/scopes", "Expected a list of 1 to 5 elements, each one of"),
        (
            {"scopes": ["write"]},
            "/scopes/0",
            "Expected one of predict, read, webhooks, figures, operate",
        ),
        ({"scopes": "read"}, "/scopes", 'got text "read".'),
        ({"scopes": ["operate"]}, "/scopes", "only keys of the tenant 'operator'"),
        ({"scopes": ["figures"]}, "/scopes", "only keys of the tenant 'operator'"),
        ({"name": "a\nb"}, "/name", "Expected text that matches"),
        ({"name": "a" * 101}, "/name", "got 101 characters."),
        ({"expires_in": 0}, "/expires_in", "Expected a whole number from 1 to"),
        ({"expires_in": 10**12}, "/expires_in", "Expected a whole number from 1 to"),
        ({"expires_in": "90d"}, "/expires_in", 'got text "90d".'),
        ({"scope": ["read"]}, "/scope", "did you mean 'scopes'?"),
    ],
)
def test_a_key_that_cannot_be_is_told_field_by_field(
    client: Client,
    operator: Headers,
    keys: ApiKeys,
    change: dict[str, Any],
    pointer: str,
    told: str,
) -> None:
    """What was expected, and what came; nothing is made."""
    wanted = {"tenant": "acme", "scopes": ["read"], **change}

    answer = client.post("/v1/keys", json=wanted, headers=operator)

    problem = assert_problem(answer, 422, "invalid-submission")
    (error,) = problem["errors"]
    assert error["pointer"] == pointer
    assert told in error["detail"]
    assert len(keys.list()) == 1


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"{", 400, "malformed-body"),
        (b"", 400, "malformed-body"),
        (b"[]", 422, "invalid-submission"),
        (b'{"tenant": "a", "tenant": "b", "scopes": ["read"]}', 422, "invalid-sub"),
        (b'"' + b"x" * 1_100_000 + b'"', 413, "body-too-large"),
    ],
)
def test_a_body_that_is_none_is_told_like_that_of_a_submit(
    client: Client, operator: Headers, body: bytes, status: int, slug: str
) -> None:
    """One manner for all bodies."""
    answer = client.post(
        "/v1/keys", data=body, content_type="application/json", headers=operator
    )

    assert answer.status_code == status
    assert f"urn:kerbside:problem:{slug}" in answer.text


def test_every_scope_that_there_is_can_be_given() -> None:
    """By HTTP as by the command line."""
    assert get_args(Scope) == SCOPES


def test_keys_are_listed_and_narrowed_to_a_tenant(
    client: Client, operator: Headers, bearer: MakeHeaders
) -> None:
    """Oldest first, whatever their state."""
    mine = [key_id(bearer(tenant)) for tenant in ("acme", "globex", "acme")]

    every = client.get("/v1/keys", headers=operator)
    acmes = client.get("/v1/keys?tenant=acme", headers=operator)
    nobodys = client.get("/v1/keys?tenant=nobody", headers=operator)

    told = ApiKeyList.model_validate_json(every.data).results
    assert [key.id for key in told] == [key_id(operator), *mine]
    assert [key["id"] for key in acmes.json["results"]] == [mine[0], mine[2]]
    assert nobodys.json == {"results": [], "next": None, "previous": None}


@pytest.mark.parametrize(
    "query", ["tenants=acme", "tenant=acme&tenant=globex", "limit=1"]
)
def test_a_list_is_never_wider_than_was_asked(
    client: Client, operator: Headers, query: str
) -> None:
    """A parameter that is not understood is not passed over."""
    answer = client.get(f"/v1/keys?{query}", headers=operator)

    assert_problem(answer, 400, "malformed-parameter")


def test_the_last_use_of_a_key_is_told(
    client: Client, operator: Headers, caller: Headers, redis: redis_py.Redis
) -> None:
    """Null until it is used."""
    url = f"/v1/keys/{key_id(caller)}"
    assert client.get(url, headers=operator).json["last_used_at"] is None
    client.get("/v1/models", headers=caller)
    wait_until(lambda: KeyUses(redis).of([key_id(caller)]))

    told = ApiKey.model_validate_json(client.get(url, headers=operator).data)

    assert told.last_used_at
    assert told.last_used_at >= told.created_at


def test_a_revoked_key_stays_in_the_list_and_a_second_time_changes_nothing(
    client: Client, operator: Headers, caller: Headers, shared: Services
) -> None:
    """The record of who could do what is kept."""
    url = f"/v1/keys/{key_id(caller)}"
    first = client.post(f"{url}/revoke", headers=operator)
    second = client.post(f"{url}/revoke", headers=operator)

    assert (first.status_code, first.json["state"]) == (200, "revoked")
    assert second.json == first.json == client.get(url, headers=operator).json
    assert first.json in client.get("/v1/keys", headers=operator).json["results"]
    answer = client.get("/v1/models", headers=caller)
    assert_problem(answer, 401, "invalid-key")


def test_an_unknown_key_is_told(client: Client, operator: Headers) -> None:
    """Whatever is asked of it."""
    for method, path in [("GET", ""), ("POST", "/revoke")]:
        answer = client.open(f"/v1/keys/nothing{path}", method=method, headers=operator)
        assert_problem(answer, 404, "unknown-key")


def test_the_last_key_that_operates_is_kept_unless_forced(
    client: Client, operator: Headers, bearer: MakeHeaders, keys: ApiKeys
) -> None:
    """Nobody is locked out without being told; expired and revoked keys count not."""
    other = bearer("operator", "operate read")
    url = f"/v1/keys/{key_id(operator)}/revoke"
    keys.revoke(key_id(other))

    refused = client.post(url, headers=operator)
    still = client.get("/v1/keys", headers=operator)
    unclear = client.post(f"{url}?force=yes", headers=operator)
    forced = client.post(f"{url}?force=true", headers=operator)

    assert_problem(refused, 409, "last-operate-key")
    assert still.status_code == 200
    assert_problem(unclear, 400, "malformed-parameter")
    assert (forced.status_code, forced.json["state"]) == (200, "revoked")


def test_a_key_may_revoke_itself_while_another_operates(
    client: Client, operator: Headers, bearer: MakeHeaders
) -> None:
    """That is how a key is replaced."""
    bearer("operator", "operate")

    answer = client.post(f"/v1/keys/{key_id(operator)}/revoke", headers=operator)

    assert answer.json["state"] == "revoked"

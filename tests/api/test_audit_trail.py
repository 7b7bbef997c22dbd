"""The laws of writing down what operators do over HTTP."""

import logging
from typing import Any
from urllib.parse import quote

import pytest
import redis as redis_py

from api.schemas import AuditLog
from api.services import Services
from tests.api.conftest import (
    Client,
    Headers,
    MakeHeaders,
    Submit,
    assert_problem,
)
from worker.keys import AUDIT

#: The id of a key that there is not.
UNKNOWN = "A1b2C3d4E5f6"


@pytest.fixture
def operator(bearer: MakeHeaders) -> Headers:
    """Return the header of a key that may do everything."""
    return bearer("operator", "operate predict read")


def actions(client: Client, operator: Headers, query: str = "") -> list[Any]:
    """Return the log, as it is answered, without how the store got its champion."""
    answer = client.get(f"/v1/ops/audit{query}", headers=operator)
    AuditLog.model_validate_json(answer.data)
    return [one for one in answer.json["results"] if one["actor"].startswith("key:")]


def test_an_action_is_written_down_with_who_what_and_when(
    client: Client, operator: Headers
) -> None:
    """What it made or was about, the request, and what came of it."""
    wanted = {"tenant": "acme", "scopes": ["read"]}
    made = client.post("/v1/keys", json=wanted, headers=operator)
    again = {**operator, "Request-Id": "order-7"}
    client.post(f"/v1/keys/{made.json['id']}/revoke", headers=again)
    client.post(f"/v1/keys/{UNKNOWN}/revoke", headers=operator)
    client.post("/v1/keys/nothing/revoke", headers=operator)
    client.post("/v1/keys", json={}, headers=operator)

    told = actions(client, operator)

    actor = "key:" + operator["Authorization"].split("_")[1]
    assert {one["actor"] for one in told} == {actor}
    assert [(one["operation"], one["targets"], one["outcome"]) for one in told] == [
        ("create_key", [], "refused"),
        ("revoke_key", [], "refused"),
        ("revoke_key", [UNKNOWN], "refused"),
        ("revoke_key", [made.json["id"]], "done"),
        ("create_key", [made.json["id"]], "done"),
    ]
    assert told[3]["request_id"] == "order-7"
    assert told[4]["request_id"] == made.headers["Request-Id"]
    assert told[4]["time"].endswith("Z")


def test_what_only_reads_or_is_no_operators_is_not_written_down(
    client: Client, operator: Headers, submit: Submit, caller: Headers
) -> None:
    """Nor what a key without the scope tried: it reached nothing."""
    client.get("/v1/keys", headers=operator)
    submit(key=operator)
    refused = client.post("/v1/keys", json={}, headers=caller)

    assert_problem(refused, 403, "missing-scope")
    assert actions(client, operator) == []


@pytest.mark.parametrize("paste", ["{token}", "{token}x", "Bearer {token}"])
def test_a_token_that_is_pasted_for_an_id_is_written_nowhere(
    client: Client,
    operator: Headers,
    shared: Services,
    redis: redis_py.Redis,
    caplog: pytest.LogCaptureFixture,
    paste: str,
) -> None:
    """A whole one is taken for the id in it: its key had better be revoked."""
    token, key = shared.keys.create(tenant="acme", scopes=["read"])
    path = quote(paste.format(token=token))

    answer = client.post(f"/v1/keys/{path}/revoke", headers=operator)
    read = client.get(f"/v1/keys/{path}", headers=operator)

    whole = paste == "{token}"
    assert {answer.status_code, read.status_code} == {200 if whole else 404}
    revoked = shared.keys.find(key.id)
    assert revoked
    assert bool(revoked.revoked_at) is whole
    (kept,) = actions(client, operator)
    assert kept["targets"] == ([key.id] if whole else [])
    secret = token.rpartition("_")[2]
    stored = repr(redis.lrange(AUDIT, 0, -1))
    assert secret not in stored + caplog.text + answer.text + read.text


def test_an_action_is_a_line_in_the_log_too(
    client: Client, operator: Headers, caplog: pytest.LogCaptureFixture
) -> None:
    """At any level; the token that it made is in neither."""
    caplog.set_level(logging.WARNING)
    wanted = {"tenant": "acme", "scopes": ["read"]}
    made = client.post("/v1/keys", json=wanted, headers=operator)

    (line,) = [one for one in caplog.text.splitlines() if ": audit " in one]
    assert f'targets=["{made.json["id"]}"]' in line
    assert made.json["token"].rpartition("_")[2] not in line


def test_an_action_that_cannot_be_kept_is_done_all_the_same(
    client: Client,
    operator: Headers,
    shared: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It has happened: the log line is what is left of it."""

    def fail(*_: object) -> None:
        raise redis_py.ConnectionError

    monkeypatch.setattr(type(shared.audit), "keep", fail)
    made = client.post(
        "/v1/keys", json={"tenant": "acme", "scopes": ["read"]}, headers=operator
    )

    assert made.status_code == 201
    told = [one.split()[3] for one in caplog.text.splitlines()]
    assert told == ["audit", "audit_not_kept"]


def test_the_log_is_as_long_as_is_asked(client: Client, operator: Headers) -> None:
    """100 actions where nothing is said."""
    for number in range(3):
        client.post(f"/v1/keys/{UNKNOWN[:-1]}{number}/revoke", headers=operator)

    newest = actions(client, operator, "?limit=2")

    assert [one["targets"][0][-1] for one in newest] == ["2", "1"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "cursor=1"]
)
def test_a_log_that_cannot_be_asked_for_is_told(
    client: Client, operator: Headers, query: str
) -> None:
    """Nothing is passed over."""
    answer = client.get(f"/v1/ops/audit?{query}", headers=operator)

    assert_problem(answer, 400, "malformed-parameter")

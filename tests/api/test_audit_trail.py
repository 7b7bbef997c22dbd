"""The laws of writing down what operators do over HTTP."""

import logging
from typing import Any

import pytest
import redis

from api.schemas import AuditLog
from api.services import Services
from tests.api.conftest import (
    Client,
    Headers,
    MakeHeaders,
    Submit,
    assert_problem,
)


@pytest.fixture
def operator(bearer: MakeHeaders) -> Headers:
    """Return the header of a key that may do everything."""
    return bearer("operator", "operate predict read")


def actions(client: Client, operator: Headers, query: str = "") -> list[Any]:
    """Return the log, as it is answered."""
    answer = client.get(f"/v1/ops/audit{query}", headers=operator)
    AuditLog.model_validate_json(answer.data)
    found: list[Any] = answer.json["results"]
    return found


def test_an_action_is_written_down_with_who_what_and_when(
    client: Client, operator: Headers
) -> None:
    """What it made or was about, the request, and what came of it."""
    wanted = {"tenant": "acme", "scopes": ["read"]}
    made = client.post("/v1/keys", json=wanted, headers=operator)
    again = {**operator, "Request-Id": "order-7"}
    client.post(f"/v1/keys/{made.json['id']}/revoke", headers=again)
    client.post("/v1/keys/nothing/revoke", headers=operator)
    client.post("/v1/keys", json={}, headers=operator)

    told = actions(client, operator)

    actor = "key:" + operator["Authorization"].split("_")[1]
    assert {one["actor"] for one in told} == {actor}
    assert [(one["operation"], one["targets"], one["outcome"]) for one in told] == [
        ("create_key", [], "refused"),
        ("revoke_key", ["nothing"], "refused"),
        ("revoke_key", [made.json["id"]], "done"),
        ("create_key", [made.json["id"]], "done"),
    ]
    assert told[2]["request_id"] == "order-7"
    assert told[3]["request_id"] == made.headers["Request-Id"]
    assert told[3]["time"].endswith("Z")


def test_what_only_reads_or_is_no_operators_is_not_written_down(
    client: Client, operator: Headers, submit: Submit, caller: Headers
) -> None:
    """Nor what a key without the scope tried: it reached nothing."""
    client.get("/v1/keys", headers=operator)
    submit(key=operator)
    refused = client.post("/v1/keys", json={}, headers=caller)

    assert_problem(refused, 403, "missing-scope")
    assert actions(client, operator) == []


def test_an_action_is_a_line_in_the_log_too(
    client: Client, operator: Headers, caplog: pytest.LogCaptureFixture
) -> None:
    """At any level; the token that it made is in neither."""
    caplog.set_level(logging.WARNING)
    wanted = {"tenant": "acme", "scopes": ["read"]}
    made = client.post("/v1/keys", json=wanted, headers=operator)

    (line,) = [one for one in caplog.messages if one.startswith("audit ")]
    assert f'"targets":["{made.json["id"]}"]' in line
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
        raise redis.ConnectionError

    monkeypatch.setattr(type(shared.audit), "keep", fail)
    made = client.post(
        "/v1/keys", json={"tenant": "acme", "scopes": ["read"]}, headers=operator
    )

    assert made.status_code == 201
    assert [one.split()[0] for one in caplog.messages] == ["audit", "audit_not_kept:"]


def test_the_log_is_as_long_as_is_asked(client: Client, operator: Headers) -> None:
    """100 actions where nothing is said."""
    for number in range(3):
        client.post(f"/v1/keys/no-{number}/revoke", headers=operator)

    newest = actions(client, operator, "?limit=2")

    assert [one["targets"] for one in newest] == [["no-2"], ["no-1"]]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "cursor=1"]
)
def test_a_log_that_cannot_be_asked_for_is_told(
    client: Client, operator: Headers, query: str
) -> None:
    """Nothing is passed over."""
    answer = client.get(f"/v1/ops/audit?{query}", headers=operator)

    assert_problem(answer, 400, "malformed-parameter")

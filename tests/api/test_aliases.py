"""The laws of /v1/models/aliases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from api.schemas import ModelAliases
from model_store.actor import Actor
from model_store.storage.manifest import MODEL
from model_store.store import ModelStore
from tests.api.conftest import Client, Headers, assert_problem
from tests.second_version import SECOND
from worker.audit import Audit

Change = Callable[..., Any]

CHAMPION, CHALLENGER = "/v1/models/aliases/champion", "/v1/models/aliases/challenger"
#: Each change: its method, its address, and its body if it has one.
CHANGES = [
    ("PUT", CHAMPION, {"version": SECOND}),
    ("PUT", CHALLENGER, {"version": SECOND}),
    ("DELETE", CHALLENGER, None),
    ("POST", f"{CHAMPION}:rollback", None),
]


@pytest.fixture
def change(own_client: Client, operator: Headers, own_store: ModelStore) -> Change:
    """Return a function that changes the aliases as an operator who has seen them."""

    def change(
        method: str, path: str, body: Any = None, seen: int | None = None
    ) -> Any:
        generation = own_store.aliases().generation if seen is None else seen
        told = {**operator, "If-Match": f'"{generation}"'}
        return own_client.open(path, method=method, json=body, headers=told)

    return change


def test_the_aliases_are_read_with_their_generation(
    own_client: Client, operator: Headers, own_store: ModelStore
) -> None:
    """It is the tag that a change asks for."""
    answer = own_client.get("/v1/models/aliases", headers=operator)

    aliases = ModelAliases.model_validate_json(answer.data)
    assert aliases.champion == own_store.resolve("champion")
    assert answer.headers["ETag"] == f'"{aliases.generation}"'


def test_a_promotion_and_the_way_back(
    change: Change, own_client: Client, operator: Headers, own_store: ModelStore
) -> None:
    """Each answers with the aliases as they are since, and their tag."""
    first = own_store.resolve("champion")

    promoted = change("PUT", CHAMPION, {"version": SECOND})

    assert promoted.status_code == 200
    assert (promoted.json["champion"], promoted.json["previous"]) == (SECOND, first)
    assert promoted.headers["ETag"] == '"2"'
    assert own_store.aliases().champion == SECOND

    back = change("POST", f"{CHAMPION}:rollback")

    assert (back.json["champion"], back.json["previous"]) == (first, SECOND)
    read = own_client.get("/v1/models/aliases", headers=operator)
    assert read.json == back.json


def test_a_challenger_is_named_with_its_share_and_dismissed(
    change: Change, own_store: ModelStore
) -> None:
    """A PUT says all of it: without a share it has none."""
    tried = change("PUT", CHALLENGER, {"version": SECOND, "share": 12.5}).json
    assert (tried["challenger"], tried["share"]) == (SECOND, 12.5)
    assert change("PUT", CHALLENGER, {"version": SECOND}).json["share"] == 0

    assert change("DELETE", CHALLENGER).json["challenger"] is None
    assert change("DELETE", CHALLENGER).status_code == 200
    assert own_store.aliases().challenger is None


def test_a_challenger_can_be_promoted_by_its_alias(
    change: Change, own_store: ModelStore
) -> None:
    """Then there is none any more."""
    own_store.promote(SECOND, post="challenger", share=5)

    won = change("PUT", CHAMPION, {"version": "challenger"}).json

    assert (won["champion"], won["challenger"], won["share"]) == (SECOND, None, 0)


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_change_says_what_it_has_seen(
    own_client: Client,
    operator: Headers,
    own_store: ModelStore,
    method: str,
    path: str,
    body: Any,
) -> None:
    """Without If-Match nothing is changed."""
    own_store.promote(SECOND)
    own_store.rollback()
    before = own_store.aliases()

    answer = own_client.open(path, method=method, json=body, headers=operator)

    assert_problem(answer, 428, "if-match-missing")
    assert own_store.aliases() == before


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_change_of_what_was_changed_meanwhile_is_refused(
    change: Change, own_store: ModelStore, method: str, path: str, body: Any
) -> None:
    """Two operators do not undo each other's work unseen."""
    own_store.promote(SECOND)
    own_store.rollback()
    before = own_store.aliases()

    answer = change(method, path, body, seen=before.generation - 1)

    assert_problem(answer, 412, "precondition-failed")
    assert own_store.aliases() == before


def test_a_version_that_nobody_would_load_gets_no_post(
    change: Change, own_store: ModelStore
) -> None:
    """It is read whole before anything changes."""
    (Path(own_store.url) / SECOND / MODEL).write_bytes(b"damaged")
    before = own_store.aliases()

    answer = change("PUT", CHAMPION, {"version": SECOND})

    assert_problem(answer, 422, "invalid-submission")
    (error,) = answer.json["errors"]
    assert (error["pointer"], error["code"]) == ("/version", "refused")
    assert SECOND in error["detail"]
    assert own_store.aliases() == before


@pytest.mark.parametrize("version", ["20200101-00000000", "challenger", "../etc"])
def test_a_version_that_there_is_not_gets_no_post(change: Change, version: str) -> None:
    """Nor does an alias that means nothing."""
    answer = change("PUT", CHAMPION, {"version": version})

    assert_problem(answer, 404, "unknown-model-version")


def test_the_champion_challenges_nobody(change: Change) -> None:
    """It would be compared with itself."""
    answer = change("PUT", CHALLENGER, {"version": "champion"})

    assert_problem(answer, 422, "invalid-submission")
    (error,) = answer.json["errors"]
    assert (error["pointer"], error["code"]) == ("/version", "is_champion")


@pytest.mark.parametrize("share", [-1, 101, "5", None])
def test_a_share_is_a_percentage(change: Change, share: Any) -> None:
    """Anything else is refused, with what was expected."""
    answer = change("PUT", CHALLENGER, {"version": SECOND, "share": share})

    assert_problem(answer, 422, "invalid-submission")
    assert answer.json["errors"][0]["pointer"] == "/share"


def test_without_a_champion_before_there_is_no_way_back(change: Change) -> None:
    """It is no fault of the store."""
    assert_problem(change("POST", f"{CHAMPION}:rollback"), 409, "no-previous-champion")


def test_who_may_not_operate_sees_and_changes_nothing(
    own_client: Client, caller: Headers
) -> None:
    """Which model prices is no client's affair."""
    told = {**caller, "If-Match": '"1"'}
    for method, path, body in (("GET", "/v1/models/aliases", None), *CHANGES):
        answer = own_client.open(path, method=method, json=body, headers=told)
        assert_problem(answer, 403, "missing-scope")


def test_every_change_is_in_the_audit_log(
    change: Change, own_store: ModelStore, redis: redis_py.Redis
) -> None:
    """With the version that it was about."""
    first = own_store.resolve("champion")
    for one in CHANGES:
        change(*one)
    change("PUT", CHALLENGER, {"version": SECOND})
    change("DELETE", CHALLENGER)

    changes = own_store.aliases().changes
    kept = [
        (one["operation"], one["targets"]) for one in Audit(redis).newest(9, changes)
    ][: len(CHANGES) + 2]
    assert kept == [
        ("dismiss_challenger", [SECOND]),
        ("name_challenger", [SECOND]),
        ("rollback_model", [first]),
        ("dismiss_challenger", []),
        ("name_challenger", [SECOND]),
        ("promote_model", [SECOND]),
    ]


def test_a_change_whose_process_was_killed_is_in_the_audit_log(
    change: Change, own_client: Client, operator: Headers, own_store: ModelStore
) -> None:
    """Once, as all others: who made it stands in the file that it changed."""
    own_store.promote(SECOND, by=Actor("key:lost", "order-7"))
    change("POST", f"{CHAMPION}:rollback")

    log = own_client.get("/v1/ops/audit", headers=operator).json["results"]

    caller = "key:" + operator["Authorization"].split("_")[1]
    told = [(one["actor"], one["operation"]) for one in log]
    assert told[:2] == [(caller, "rollback_model"), ("key:lost", "promote_model")]
    assert told.count((caller, "rollback_model")) == 1
    assert log[1]["request_id"] == "order-7"

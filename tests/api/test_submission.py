"""The laws of a request body."""

import json
from typing import Any

import pytest
import redis as redis_py

from api import request_body
from api.schemas import Choices, Problem
from model_store.store import ModelStore
from tests.api.conftest import Client, Headers, Submit, assert_problem

URL = "/v1/predictions"


@pytest.fixture
def explainable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it look as if the extra were installed."""
    monkeypatch.setattr(request_body, "can_explain", lambda: True)


def errors_of(answer: Any) -> dict[str, tuple[str, str]]:
    """Return pointer -> (code, detail) of an answer that says not valid."""
    problem = assert_problem(answer, 422, "invalid-submission")
    return {one["pointer"]: (one["code"], one["detail"]) for one in problem["errors"]}


def record(redis: redis_py.Redis, job_id: str) -> dict[bytes, bytes]:
    """Return the ledger's record of a job."""
    held: Any = redis.hgetall(f"kerbside:job:{job_id}")
    return dict(held)


def deadline_ms(redis: redis_py.Redis, job_id: str) -> int:
    """Return how many milliseconds after its submit a job is to be canceled."""
    held = record(redis, job_id)
    return int(held[b"deadline"]) - int(held[b"created"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"input": {"bedrooms": NaN}}',
        b'{"input": {"bedrooms": Infinity}}',
        b'{"input": {"bedrooms": 1e400}}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"input":' * 2_000 + b"1" + b"}" * 2_000,
    ],
    ids=[
        "empty",
        "cut",
        "nan",
        "infinity",
        "overflow",
        "latin",
        "surrogate",
        "bom",
        "deep-list",
        "deep-object",
    ],
)
def test_what_is_no_json_is_400(client: Client, caller: Headers, body: bytes) -> None:
    """Including what other parsers let pass."""
    answer = client.post(
        URL, data=body, headers=caller, content_type="application/json"
    )

    assert_problem(answer, 400, "malformed-body")


@pytest.mark.parametrize(
    "body", ["[]", "3", '"{}"', "null", "true", "[" * 900 + "]" * 900]
)
def test_a_body_that_is_no_object_is_422(
    client: Client, caller: Headers, body: str
) -> None:
    """A JSON string that holds JSON is a string."""
    answer = client.post(
        URL, data=body, headers=caller, content_type="application/json"
    )

    assert errors_of(answer)[""][0] == "object_expected"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "application/jsonp",
    ],
)
def test_another_media_type_is_415(
    client: Client, caller: Headers, content_type: str
) -> None:
    """Only JSON in UTF-8 is read."""
    headers = {**caller, "Content-Type": content_type}

    answer = client.post(URL, data=b"{}", headers=headers)

    assert_problem(answer, 415, "unsupported-media-type")


def test_a_compressed_body_is_415(client: Client, caller: Headers) -> None:
    """A small body must not become a large one here."""
    headers = {**caller, "Content-Encoding": "gzip"}

    answer = client.post(URL, json={}, headers=headers)

    assert_problem(answer, 415, "unsupported-media-type")


def test_a_charset_is_understood(
    client: Client, caller: Headers, house: dict[str, Any]
) -> None:
    """Clients that name UTF-8 are right."""
    headers = {**caller, "Content-Type": 'Application/JSON; charset="UTF-8"'}

    answer = client.post(URL, data=json.dumps({"input": house}), headers=headers)

    assert answer.status_code == 202


def test_a_large_body_is_413(submit: Submit) -> None:
    """More than the limit is not read."""
    answer = submit(metadata={"a": "x" * 2_000_000})

    assert_problem(answer, 413, "body-too-large")


def test_every_reason_is_told_at_once(
    client: Client, caller: Headers, house: dict[str, Any]
) -> None:
    """A client mends all of it in one go."""
    wrong = {**house, "bedrooms": "3", "waterfront": 7, "bedroms": 3}
    del wrong["grade"]
    body = {"input": wrong, "metadata": {"a": 1}, "deadline": -1, "vresion": "x"}

    errors = errors_of(client.post(URL, json=body, headers=caller))

    assert errors["/input/bedrooms"][0] == "int_type"
    assert errors["/input/waterfront"][0] == "less_than_equal"
    assert errors["/input/grade"][0] == "missing"
    assert errors["/input/bedroms"] == (
        "unknown_field",
        "Unknown field: did you mean 'bedrooms'?",
    )
    assert errors["/metadata/a"][0] == "string_type"
    assert errors["/deadline"][0] == "greater_than"
    assert errors["/vresion"][1].endswith("did you mean 'version'?")


@pytest.mark.parametrize("value", ["3", True, 3.0, 3.5, None, [3], 10**30])
def test_nothing_is_converted(
    submit: Submit, house: dict[str, Any], value: object
) -> None:
    """What a client sends is what is priced, or it is refused."""
    answer = submit(input={**house, "bedrooms": value})

    assert set(errors_of(answer)) == {"/input/bedrooms"}


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"webhook": 0}, "/webhook", "string_type"),
        ({"webhook": False}, "/webhook", "string_type"),
        ({"webhook_events_filter": 0}, "/webhook_events_filter", "list_type"),
        ({"explain": 1}, "/explain", "bool_type"),
        ({"metadata": []}, "/metadata", "dict_type"),
        ({"metadata": {"a": None}}, "/metadata/a", "string_type"),
        ({"metadata": {"a": "x" * 513}}, "/metadata/a", "string_too_long"),
        ({"metadata": dict.fromkeys("abcdefghijklmnopq", "")}, "/metadata", "too_long"),
        ({"metadata": {"a~/b": 1}}, "/metadata/a~0~1b", "string_type"),
        ({"deadline": 0}, "/deadline", "greater_than"),
        ({"deadline": 1e9}, "/deadline", "less_than_equal"),
        ({"deadline": True}, "/deadline", "float_type"),
        ({"version": 3}, "/version", "string_type"),
        ({"version": ""}, "/version", "unknown_version"),
        ({"version": "../champion"}, "/version", "unknown_version"),
        ({"version": "a" * 5000}, "/version", "unknown_version"),
        ({"version": "challenger"}, "/version", "unknown_version"),
    ],
)
def test_fields_around_the_house_are_strict(
    submit: Submit, fields: dict[str, Any], pointer: str, code: str
) -> None:
    """What is not served yet is refused, never silently passed over."""
    errors = errors_of(submit(**fields))

    assert errors[pointer][0] == code


def test_what_says_nothing_is_accepted(submit: Submit) -> None:
    """A client that sends every field, empty, is served."""
    answer = submit(
        version=None,
        metadata={},
        deadline=None,
        explain=False,
        webhook=None,
        webhook_events_filter=[],
    )

    assert answer.status_code == 202


@pytest.mark.parametrize("named", [None, "champion"])
def test_a_job_keeps_the_alias_by_which_its_model_was_named(
    submit: Submit, redis: redis_py.Redis, named: str | None
) -> None:
    """Who names none means the champion."""
    job = submit(version=named).json

    assert record(redis, job["id"])[b"alias"] == b"champion"


def test_a_job_whose_model_was_named_by_its_id_keeps_no_alias(
    submit: Submit, redis: redis_py.Redis, store: ModelStore
) -> None:
    """Although it may be the champion's id."""
    job = submit(version=store.resolve("champion")).json

    assert b"alias" not in record(redis, job["id"])


@pytest.mark.parametrize("asked", [True, False])
def test_a_job_keeps_whether_it_is_to_be_explained(
    submit: Submit, redis: redis_py.Redis, explainable: None, *, asked: bool
) -> None:
    """Nothing is written for who does not ask."""
    answer = submit(explain=asked)

    assert answer.status_code == 202
    assert (b"explain" in record(redis, answer.json["id"])) is asked


def test_reasons_cannot_be_had_without_the_extra(
    submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is told at once, and the operator what to install."""
    monkeypatch.setattr(request_body, "can_explain", lambda: False)

    code, detail = errors_of(submit(explain=True))["/explain"]

    assert code == "explain_unavailable"
    assert "pip install kerbside[explain]" in detail
    assert submit(explain=False).status_code == 202


def test_a_request_for_reasons_is_another_request(
    submit: Submit, explainable: None
) -> None:
    """The same key cannot name both."""
    submit({"Idempotency-Key": "k"})

    answer = submit({"Idempotency-Key": "k"}, explain=True)

    assert_problem(answer, 422, "idempotency-key-reused")


def test_an_unknown_version_is_told_with_those_that_exist(
    submit: Submit, store: ModelStore
) -> None:
    """Aliases with what they mean, and ids."""
    answer = submit(version="19990101-00000000")

    problem = Problem.model_validate_json(answer.data)
    assert problem.errors
    (error,) = problem.errors
    assert (error.pointer, error.code) == ("/version", "unknown_version")
    champion = store.resolve("champion")
    assert error.known == Choices(aliases={"champion": champion}, versions=[champion])


def test_an_unknown_version_names_the_nearest(submit: Submit) -> None:
    """A slip of the hand is shown."""
    assert (
        "did you mean 'champion'"
        in errors_of(submit(version="champoin"))["/version"][1]
    )


def test_an_answer_repeats_no_value_and_cuts_long_names(submit: Submit) -> None:
    """What a client sent by mistake does not land in its logs."""
    answer = submit(metadata={"a": ["s3cret"]}, **{"x" * 5000: "s3cret"})

    assert b"s3cret" not in answer.data
    assert set(errors_of(answer)) == {"/metadata/a", "/" + "x" * 64}


def test_a_flood_of_reasons_is_cut(submit: Submit) -> None:
    """An answer stays small, whatever the body."""
    answer = submit(**{f"field{number}": 1 for number in range(20_000)})

    assert len(errors_of(answer)) == 50


@pytest.mark.parametrize(
    ("given", "milliseconds"),
    [
        ("30", 30_000),
        ("90s", 90_000),
        ("1m", 60_000),
        ("1h30m", 5_400_000),
        (" 0.5s ", 500),
        ("0.000000001", 1),
        ("24h", 86_400_000),
    ],
)
def test_cancel_after_sets_the_deadline(
    submit: Submit, redis: redis_py.Redis, given: str, milliseconds: int
) -> None:
    """In durations as clients of such APIs write them."""
    job = submit({"Cancel-After": given}).json

    assert deadline_ms(redis, job["id"]) == milliseconds


@pytest.mark.parametrize(
    "given",
    ["", "soon", "-1", "0", "0s", "1d", "1m1h", "1h 30m", "25h", "1e3", "m", "٣s", "s"],
)
def test_a_cancel_after_that_is_no_duration_is_400(submit: Submit, given: str) -> None:
    """A deadline that was misread would cancel a job or never do so."""
    answer = submit({"Cancel-After": given})

    assert_problem(answer, 400, "malformed-header")


def test_cancel_after_and_deadline_together_are_400(submit: Submit) -> None:
    """Nobody can say which was meant."""
    answer = submit({"Cancel-After": "1m"}, deadline=60)

    assert_problem(answer, 400, "bad-request")


def test_cancel_after_is_the_deadline_of_the_same_request(
    submit: Submit,
) -> None:
    """A repeat that says it in the other way is a repeat."""
    first = submit({"Idempotency-Key": "k", "Cancel-After": "1m"})
    again = submit({"Idempotency-Key": "k"}, deadline=60.0)

    assert (again.status_code, again.json["id"]) == (202, first.json["id"])


def test_no_deadline_is_so_near_that_it_is_none(
    submit: Submit, redis: redis_py.Redis
) -> None:
    """It is a millisecond at least."""
    assert deadline_ms(redis, submit(deadline=1e-9).json["id"]) == 1

"""The laws of input that is wrong: a clear answer, and nothing queued."""

import json
import time
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
import redis as redis_py
from hypothesis import strategies as st

from tests.api.conftest import Client, Headers, Post, Submit, assert_problem

URL = "/v1/predictions"
_JSON = {"Content-Type": "application/json"}

#: Name of a header -> texts that it cannot have, and the status that they get.
_BAD_HEADERS: dict[str, tuple[int, str, tuple[str, ...]]] = {
    "Idempotency-Key": (
        400,
        "malformed-header",
        ("", '"', '"a', "a" * 256, "a\x7f", "a,a", "caf\xe9", '"a","b"', "a\tb"),
    ),
    "Cancel-After": (
        400,
        "malformed-header",
        ("", "soon", "-1", "0", "1e3", "25h", "1m,1m", "9" * 5000, "1m\t1s"),
    ),
    "Accept": (406, "not-acceptable", ("text/html", "a/b;q=x", "a" * 100_000)),
    "Content-Type": (
        415,
        "unsupported-media-type",
        ("", "text/plain", "application/json;charset=utf-16", "a" * 100_000),
    ),
    "Content-Encoding": (
        415,
        "unsupported-media-type",
        ("gzip", "br", "identity, gzip", "a" * 100_000),
    ),
}
_CASES = [
    (name, text) for name, (_, _, texts) in _BAD_HEADERS.items() for text in texts
]


@pytest.mark.usefixtures("nothing_queued")
@pytest.mark.parametrize(("name", "text"), _CASES, ids=lambda text: text[:20])
def test_a_header_that_cannot_be_read_is_told_with_what_came(
    submit: Submit, name: str, text: str
) -> None:
    """By its name, cut, and with what is expected."""
    status, slug, _ = _BAD_HEADERS[name]

    problem = assert_problem(submit({name: text}), status, slug)

    assert name in problem["detail"]
    assert len(problem["detail"]) < 250


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Prefer", "wait=soon"),
        ("Prefer", "respond-async, wait=-1"),
        ("Prefer", "wait=" + "9" * 100_000),
        ("Prefer", "=;,=,;" * 1000),
        ("If-None-Match", '"' * 100_000),
        ("Request-Id", "two words"),
        ("Request-Id", "a\x1b[2J"),
        ("Request-Id", "a" * 100_000),
    ],
    ids=lambda text: text[:20],
)
def test_a_header_that_only_asks_is_passed_over(
    submit: Submit, name: str, text: str
) -> None:
    """RFC 7240 for Prefer; what is not sent back cannot harm."""
    answer = submit({name: text})

    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
    assert answer.headers["Request-Id"] != text


@pytest.mark.usefixtures("nothing_queued")
@pytest.mark.parametrize("length", ["1048577", "9" * 30])
def test_a_length_over_the_limit_is_413_unread(
    client: Client, caller: Headers, length: str
) -> None:
    """By what is announced, whatever is sent; the limit is told."""
    announced = {"CONTENT_LENGTH": length}

    answer = client.post(
        URL, data=b"{}", headers={**caller, **_JSON}, environ_overrides=announced
    )

    problem = assert_problem(answer, 413, "body-too-large")
    assert "1048576 bytes" in problem["detail"]


@pytest.mark.usefixtures("nothing_queued")
def test_a_body_shorter_than_announced_is_not_taken(
    client: Client, caller: Headers, house: dict[str, Any]
) -> None:
    """Although what came is a whole submit: its sender had not finished."""
    body = json.dumps({"input": house}).encode()
    announced = {"CONTENT_LENGTH": str(len(body) + 1)}

    answer = client.post(
        URL, data=body, headers={**caller, **_JSON}, environ_overrides=announced
    )

    assert_problem(answer, 400, "cut-body")


@pytest.mark.usefixtures("nothing_queued")
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"[key]": 1}, "/[key]"),
        ({"input": {"[key]": 1}}, "/input/[key]"),
        ({"metadata": {"[key]": 5}}, "/metadata/[key]"),
        ({"metadata": {"": "x"}}, "/metadata/"),
    ],
)
def test_a_name_may_look_like_a_validators_own(
    post: Post, house: dict[str, Any], change: dict[str, Any], pointer: str
) -> None:
    """No name of a client's is taken for something else."""
    inside = {**house, **change.pop("input", {})}

    answer = post(json.dumps({"input": inside, **change}).encode())

    problem = assert_problem(answer, 422, "invalid-submission")
    assert [one["pointer"] for one in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    "accept",
    ["application/json;charset=utf-8", "application/json; version=1, */*;q=0"],
)
def test_parameters_of_an_accepted_type_are_passed_over(
    submit: Submit, accept: str
) -> None:
    """Many clients name a charset; there is one form of each answer."""
    assert submit({"Accept": accept}).status_code == 202


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "o",
        "o0",
        "oMToxOjE",
        "oLTU6eA",
        "n-1_",
        "o" + "9" * 300,
        "o\0",
        "oNaN_a",
        "%ff",
    ],
)
def test_a_cursor_of_other_hands_is_told(
    client: Client, caller: Headers, cursor: str
) -> None:
    """It is followed as it was given, or not at all."""
    answer = client.get(URL, query_string={"cursor": cursor}, headers=caller)

    problem = assert_problem(answer, 400, "malformed-parameter")
    assert "cursor" in problem["detail"]


_SETTINGS = hypothesis.settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
#: Texts that a server hands over: Latin-1 without what ends a line.
_HEADER_TEXTS = st.text(
    st.characters(max_codepoint=255, blacklist_characters="\r\n"), max_size=80
) | st.sampled_from(["wait=1;", '"', "W/", "*", "q=", "application/json;charset"])


def _assert_told(ask: Callable[[], Any], redis: redis_py.Redis) -> None:
    """Check that an answer is a job that exists, or a clear refusal without one."""
    before = _jobs(redis)
    answer = ask()
    if answer.status_code in {201, 202}:
        assert _jobs(redis) == before + 1
        return
    assert answer.status_code in {400, 406, 413, 415, 422}
    assert answer.content_type == "application/problem+json"
    assert b"Traceback" not in answer.data
    assert _jobs(redis) == before


def _jobs(redis: redis_py.Redis) -> int:
    names: Any = redis.keys("kerbside:job:*")
    return len(names)


@_SETTINGS
@hypothesis.given(body=st.binary(max_size=300))
def test_no_bytes_are_a_fault_of_ours(
    body: bytes, post: Post, redis: redis_py.Redis
) -> None:
    """Any body is a job or a problem, never a 500."""
    _assert_told(lambda: post(body), redis)


@_SETTINGS
@hypothesis.given(document=_VALUES, at=st.sampled_from(["", "input", "metadata"]))
def test_no_json_is_a_fault_of_ours(
    document: Any,
    at: str,
    post: Post,
    house: dict[str, Any],
    redis: redis_py.Redis,
) -> None:
    """Whatever stands where the request, the house or the labels are expected."""
    body = {"input": house, at: document} if at else document

    _assert_told(lambda: post(json.dumps(body).encode()), redis)


@_SETTINGS
@hypothesis.given(value=_VALUES, name=st.integers(0, 17))
def test_no_value_of_a_feature_is_a_fault_of_ours(
    value: Any,
    name: int,
    submit: Submit,
    house: dict[str, Any],
    redis: redis_py.Redis,
) -> None:
    """It is priced as it is, or told."""
    changed = {**house, list(house)[name]: value}

    _assert_told(lambda: submit(input=changed), redis)


@_SETTINGS
@hypothesis.given(
    text=_HEADER_TEXTS,
    name=st.sampled_from(
        [
            "Accept",
            "Cancel-After",
            "Content-Encoding",
            "Content-Type",
            "Idempotency-Key",
            "If-None-Match",
            "Prefer",
            "Request-Id",
        ]
    ),
)
def test_no_header_is_a_fault_of_ours(
    text: str, name: str, submit: Submit, redis: redis_py.Redis
) -> None:
    """Any text in any header that is read."""
    # Jobs of an earlier example would be found again by its key.
    redis.delete(*_entries(redis))

    _assert_told(lambda: submit({name: text}), redis)


def _entries(redis: redis_py.Redis) -> list[Any]:
    found: Any = redis.keys("kerbside:idempotency:*")
    return list(found) or ["none"]


@pytest.mark.parametrize(
    "name",
    [
        "Accept",
        "Authorization",
        "Cancel-After",
        "Content-Encoding",
        "Content-Type",
        "Idempotency-Key",
        "If-Match",
        "If-None-Match",
        "Prefer",
        "Request-Id",
    ],
)
@pytest.mark.parametrize("pattern", ["a", "a,", '"', "a;q=1,", "1h", "1", " "])
def test_no_long_header_holds_the_service_up(
    name: str, pattern: str, client: Client, caller: Headers, house: dict[str, Any]
) -> None:
    """Of as many bytes as the server lets pass, it is told or passed over, at once."""
    text = (pattern * 32_000)[:32_000]
    url = "/v1/predictions/0b5d3a52-5d8a-4c3e-9d5c-1f0e9a8b7c6d"
    began = time.thread_time()

    answer = client.put(url, json={"input": house}, headers={**caller, name: text})

    assert answer.status_code in {202, 400, 401, 406, 412, 415}
    assert len(answer.data) < 2000
    assert max(len(value) for value in answer.headers.values()) < 200
    # A pattern that goes back and forth in it would take minutes.
    assert time.thread_time() - began < 5

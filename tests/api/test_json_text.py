"""The laws of JSON that is none, or says a thing twice."""

import json
from typing import Any

import pytest

from tests.api.conftest import Post, Submit, assert_problem

#: What a body is -> its bytes, and what its problem must say.
_NO_JSON: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "empty": (b"", ("empty", "send a JSON object")),
    "blank": (b" \r\n", ("empty",)),
    "cut": (b'{"input": {"bedrooms": 3', ("ends in the middle", "line 1 column 25")),
    "cut in a text": (b'{"input": "a', ("ends in the middle",)),
    "cut in a later line": (b'{\n "a": [1,\n', ("line 3 column 1",)),
    "nan": (b'{"a": NaN}', ("NaN is no JSON number", "line 1 column 7")),
    "infinity": (b'{"a": Infinity}', ("Infinity is no JSON number",)),
    "minus infinity": (b'{"a":\n-Infinity}', ("-Infinity is no", "line 2 column 2")),
    "overflow": (b'{"a": 1e400}', ("greater than any", "column 7", "below 1e308")),
    "5,000 digits": (b'{"a": ' + b"9" * 5000 + b"}", ("greater than any",)),
    "latin": (b'{"a": "\xe4"}', ("byte 0xe4 at offset 7", "UTF-8")),
    "surrogate": (b'{"a": "\\ud800"}', ("surrogate", "line 1 column")),
    "surrogate bytes": (b'{"a": "\xed\xa0\x80"}', ("byte 0xed at offset 7",)),
    "bom": (b"\xef\xbb\xbf{}", ("byte order mark",)),
    "utf-16": ('{"a": 1}'.encode("utf-16"), ("UTF-16",)),
    "utf-16 without mark": ('{"a": 1}'.encode("utf-16-be"), ("UTF-16",)),
    "utf-32": ('{"a": 1}'.encode("utf-32-le"), ("UTF-32",)),
    "nul in a text": (b'{"a": "b\0"}', ("control character", "column 9")),
    "nul after": (b"{}  \0", ("after document", "column 5")),
    "deep lists": (b"[" * 100_000 + b"]" * 100_000, ("nested too deep", "1024")),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, ("too deep",)),
    "single quotes": (b"{'a': 1}", ("double quotes", "line 1 column 2")),
    "comment": (b"{} // why", ("no comments",)),
    "python": (b'{"a": True}', ("true, false and null",)),
    "trailing comma": (b'{"a": 1,}', ("trailing comma",)),
    "two documents": (b"{}{}", ("after document", "column 3")),
    "form": (b"bedrooms=3&grade=7", ("expected a JSON value", "column 1")),
}


@pytest.mark.usefixtures("nothing_queued")
@pytest.mark.parametrize("kind", _NO_JSON)
def test_what_is_no_json_is_told_with_its_place(post: Post, kind: str) -> None:
    """What is wrong, where, and how to mend it."""
    body, words = _NO_JSON[kind]

    problem = assert_problem(post(body), 400, "malformed-body")

    assert all(word in problem["detail"] for word in words), problem["detail"]
    assert len(problem["detail"]) < 300


#: A body that repeats a name -> the pointers of those repeated.
_REPEATED: dict[str, set[str]] = {
    '{"input": @, "input": @}': {"/input"},
    '{"input": {"bedrooms" : 3, "grade": 7, "bedrooms"\n:4}}': {"/input/bedrooms"},
    '{"input": @, "metadata": {"a": "x:y", "a": "\\":"}}': {"/metadata/a"},
    '{"input": @, "deadline": 1, "\\u0064eadline": 2}': {"/deadline"},
    '{"input": {"x": [{"y": {"b": 1, "b": 2, "b": 3}}]}}': {"/input/x/0/y/b"},
    '{"a": {"b": 1, "b": 2}, "a": 1}': {"/a", "/a/b"},
}


@pytest.mark.usefixtures("nothing_queued")
@pytest.mark.parametrize("text", _REPEATED)
def test_a_repeated_name_is_refused(
    post: Post, house: dict[str, Any], text: str
) -> None:
    """Which of the two was meant nobody can say; parsers take either."""
    answer = post(text.replace("@", json.dumps(house)).encode())

    problem = assert_problem(answer, 422, "invalid-submission")
    found = {
        error["pointer"]: error["detail"]
        for error in problem["errors"]
        if error["code"] == "repeated_name"
    }
    assert set(found) == _REPEATED[text]
    assert all("occurs more than once" in detail for detail in found.values())


@pytest.mark.parametrize(
    "labels",
    [
        {"time": "12:30:00", "url": "https://example.org:80"},
        {'a": 1, "a': 'b": "c', '":': '":":":"'},
        {"a": "\\", "b": '\\":', "input": "bedrooms"},
    ],
)
def test_colons_in_texts_are_no_repeated_names(
    submit: Submit, labels: dict[str, str]
) -> None:
    """The quick count is checked before anybody is refused."""
    answer = submit(metadata=labels)

    assert answer.status_code == 202
    assert answer.json["metadata"] == labels


def test_many_repeated_names_are_cut(post: Post) -> None:
    """An answer stays small, and the search short, wherever they are."""
    twice = ",".join(['{"a": 1, "a": 2}'] * 20_000)
    deep = '{"b": ' + "[" * 800 + twice + "]" * 800 + "}"

    answer = post(deep.encode())

    problem = assert_problem(answer, 422, "invalid-submission")
    assert len(problem["errors"]) == 50
    assert len(answer.data) < 20_000

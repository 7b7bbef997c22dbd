"""The laws of what a client is told of each field."""

import json
from typing import Any

import pytest

from tests.api.conftest import Post, Submit, assert_problem

#: Value of `bedrooms`, a whole number from 0 to 60 -> what its error says came.
_NO_WHOLE_NUMBERS: dict[str, str] = {
    '"three"': 'text "three"',
    '"3"': 'text "3": send it without quotes',
    "true": "true",
    "3.0": "3.0: send it without the point",
    "3.5": "3.5",
    "null": "null",
    "[3]": "a list",
    '{"value": 3}': "an object",
    "-1": "-1",
    "61": "61",
    "1e30": "1e+30",
    "9" * 300: "1e+300",
    '"' + "x" * 900_000 + '"': f'text "{"x" * 32}..."',
    '"\\u0000\\u001b[2J\\u202e"': 'text "\\u0000\\u001b[2J?"',
}


@pytest.mark.usefixtures("nothing_queued")
@pytest.mark.parametrize("value", _NO_WHOLE_NUMBERS, ids=lambda value: value[:20])
def test_nothing_is_converted_and_what_came_is_told(
    post: Post, house: dict[str, Any], value: str
) -> None:
    """Expected, got, and how to mend it; a long value is cut."""
    text = json.dumps({"input": {**house, "bedrooms": "@"}}).replace('"@"', value)

    details = _details(post(text.encode()))

    came = _NO_WHOLE_NUMBERS[value]
    assert details == {
        "/input/bedrooms": f"Expected a whole number from 0 to 60, got {came}."
    }


#: Changes of the request -> pointer of the one error, and its words.
_NOT_EXPECTED: list[tuple[dict[str, Any], str, str]] = [
    ({"zipcode": 98117}, "/input/zipcode", ", got 98117: send it in quotes."),
    ({"zipcode": "98O17"}, "/input/zipcode", 'such as "98117", got text "98O17".'),
    ({"zipcode": ""}, "/input/zipcode", "got 0 characters."),
    ({"zipcode": "9" * 101}, "/input/zipcode", "got 101 characters."),
    ({"lat": 91}, "/input/lat", "Expected a number from -90 to 90, got 91."),
    ({"yr_built": "1975-05-01"}, "/input/yr_built", 'got text "1975-05-01".'),
    ({"yr_built": 2**63}, "/input/yr_built", f"got {2**63}."),
    (
        {"yr_built": 2009, "yr_renovated": 1990},
        "/input/yr_renovated",
        "Expected at least 2009 as in yr_built, or 0 for none, got 1990.",
    ),
    ({"kitchen": 1}, "/input/kitchen", "Unknown field: known are bedrooms, "),
    ({"sqft": 1}, "/input/sqft", "Unknown field: "),
    ({"explain": True}, "/input/explain", "belongs beside `input`, not in it."),
]


@pytest.mark.usefixtures("nothing_queued")
@pytest.mark.parametrize(("change", "pointer", "words"), _NOT_EXPECTED)
def test_a_house_that_cannot_be_is_told_field_by_field(
    submit: Submit,
    house: dict[str, Any],
    change: dict[str, Any],
    pointer: str,
    words: str,
) -> None:
    """A category of another form, a place off the earth, a year that is a date."""
    details = _details(submit(input={**house, **change}))

    assert list(details) == [pointer]
    assert words in details[pointer]


@pytest.mark.usefixtures("nothing_queued")
@pytest.mark.parametrize(
    ("fields", "pointer", "detail"),
    [
        (
            {"input": '{"bedrooms": 3}'},
            "/input",
            (
                "Expected an object, got text that holds JSON: send the object itself, "
                "not in quotes."
            ),
        ),
        ({"input": [{}]}, "/input", "Expected an object, got a list."),
        ({"input": None}, "/input", "Expected an object, got null."),
        ({"bedrooms": 3}, "/bedrooms", "Unknown field: 'bedrooms' belongs in `input`."),
        ({"explain": 1}, "/explain", "Expected true or false, got 1."),
        (
            {"deadline": 0},
            "/deadline",
            "Expected a number above 0 and at most 86400, got 0.",
        ),
        (
            {"deadline": "60"},
            "/deadline",
            (
                "Expected a number above 0 and at most 86400, got text "
                '"60": send it without quotes.'
            ),
        ),
        (
            {"metadata": {"a": 1}},
            "/metadata/a",
            (
                "Expected text of 0 to 512 characters without NUL, got 1: send it in "
                "quotes."
            ),
        ),
        (
            {"metadata": {"a": "b\0"}},
            "/metadata/a",
            'Expected text of 0 to 512 characters without NUL, got text "b\\u0000".',
        ),
        (
            {"metadata": {"a\0": ""}},
            "/metadata/a\0",
            (
                "Expected a name: text of 1 to 64 characters without NUL, got text "
                '"a\\u0000".'
            ),
        ),
        (
            {"metadata": {"": "a"}},
            "/metadata/",
            (
                "Expected a name: text of 1 to 64 characters without NUL, got 0 "
                "characters."
            ),
        ),
        (
            {"metadata": {str(number): "" for number in range(17)}},
            "/metadata",
            "Expected an object of at most 16 names, got one of 17.",
        ),
    ],
)
def test_what_stands_around_the_house_is_told_alike(
    submit: Submit, fields: dict[str, Any], pointer: str, detail: str
) -> None:
    """In the same words."""
    assert _details(submit(**fields)) == {pointer: detail}


@pytest.mark.usefixtures("nothing_queued")
@pytest.mark.parametrize(
    ("body", "came"),
    [
        (b"[]", "a list"),
        (b"[{}]", "a list"),
        (b"3", "3"),
        (b"null", "null"),
        (b'"house"', 'text "house"'),
        (b'"{}"', "text that holds JSON: send the object itself, not in quotes"),
    ],
)
def test_a_body_is_one_object(post: Post, body: bytes, came: str) -> None:
    """Neither a list of houses nor JSON wrapped in JSON."""
    assert _details(post(body)) == {"": f"Expected an object, got {came}."}


@pytest.mark.usefixtures("nothing_queued")
def test_all_missing_fields_are_told_at_once_with_what_is_expected(
    post: Post, house: dict[str, Any]
) -> None:
    """A client fills them in without a look at the documentation."""
    details = _details(post(b'{"input": {}}'))

    assert set(details) == {f"/input/{name}" for name in house}
    assert details["/input/grade"] == ("Missing: expected a whole number from 1 to 13.")


@pytest.mark.usefixtures("nothing_queued")
def test_how_many_reasons_were_left_out_is_told(submit: Submit) -> None:
    """50 of them are told."""
    answer = submit(**{f"field{number}": 1 for number in range(20_000)})

    problem = assert_problem(answer, 422, "invalid-submission")
    assert "the first 50 of 20000 reasons" in problem["detail"]
    assert len(answer.data) < 40_000


def _details(answer: Any) -> dict[str, str]:
    problem = assert_problem(answer, 422, "invalid-submission")
    return {error["pointer"]: error["detail"] for error in problem["errors"]}

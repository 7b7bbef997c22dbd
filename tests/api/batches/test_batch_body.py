"""What a body of many rows may be, and how it is refused."""

import gzip
import io
import json
from typing import Any

import pytest

from api.settings import ApiSettings
from tests.api.batches.bodies import (
    CSV,
    JSON,
    NDJSON,
    PATH,
    House,
    Post,
    Work,
    files_of,
    lines,
    read,
    rows,
    table,
)
from tests.api.conftest import Client, Headers, assert_problem


@pytest.mark.parametrize("form", ["lines", "list", "table", "semicolons", "marked"])
def test_all_forms_of_a_batch_give_the_same_prices(
    post: Post, get: Any, work: Work, house: House, form: str
) -> None:
    """JSON lines, a JSON list and tables as spreadsheets write them."""
    wanted = rows(house, 3)
    as_table = table(house, "row-1", "row-2", "row-3")
    bodies = {
        "lines": (lines(*wanted), NDJSON),
        "list": (json.dumps(wanted, indent=2), JSON),
        "table": (as_table, CSV),
        "semicolons": (as_table.replace(",", ";"), CSV + "; charset=UTF-8"),
        "marked": (("\ufeff" + as_table).encode(), CSV),
    }
    batch = post(*bodies[form]).json
    work()

    found = read(get(batch, "/results"))

    assert [one["custom_id"] for one in found] == ["row-1", "row-2", "row-3"]
    assert len({json.dumps(one["output"]) for one in found}) == 1
    assert found[0]["output"]["price"] > 0


def test_a_bad_row_tells_its_line_field_value_and_what_was_expected(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """It stops no other."""
    good, bad = rows(house, 2)
    bad["input"]["bedrooms"] = "many"
    odd = {"custom_id": "odd", "input": {**house, "sqft_livin": 1}}
    batch = post(lines(good, bad) + "\n{no json\n" + lines(odd, [1])).json
    work()

    found = read(get(batch, "/errors"))
    prices = read(get(batch, "/results"))

    assert [one["custom_id"] for one in prices] == ["row-1"]
    assert get(batch).json["request_counts"]["failed"] == 4
    first = found[0]
    assert (first["line"], first["custom_id"]) == (2, "row-2")
    assert (first["field"], first["value"]) == ("bedrooms", "many")
    assert "whole number" in first["detail"]
    assert [one["line"] for one in found] == [2, 4, 5, 6]
    assert [one["code"] for one in found[1:]] == [
        "malformed_row",
        "unknown_field",
        "object_expected",
    ]
    assert "sqft_living" in found[2]["detail"]


def test_a_row_of_a_table_may_have_too_few_cells(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """Its client knows it by its name, where it has one."""
    text = table(house, "a", "b")
    batch = post(text + "c,1,2\n,1,2\n", CSV).json
    work()

    error, nameless = read(get(batch, "/errors"))

    assert (error["line"], error["code"]) == (4, "cells_expected")
    assert (error["custom_id"], nameless["custom_id"]) == ("c", None)
    assert "got 3" in error["detail"]


def test_a_row_of_a_table_is_known_by_the_line_at_which_it_begins(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """Priced or not, where a cell goes on in the next line."""
    rows = table(house, "a", bedrooms="\n3") + table(house, "b", bedrooms="x\n")
    head = table(house)
    batch = post(head + rows.replace(head, "") + table(house, "c")[len(head) :], CSV)
    work()

    prices, (error,) = (read(get(batch.json, to)) for to in ("/results", "/errors"))

    assert [(one["line"], one["custom_id"]) for one in prices] == [(2, "a"), (6, "c")]
    assert (error["line"], error["custom_id"]) == (4, "b")


@pytest.mark.parametrize("first", ["sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_a_table_may_say_what_parts_its_cells(
    post: Post, get: Any, work: Work, house: House, first: str
) -> None:
    """As Excel has it said, on a line before the columns."""
    body = first + table(house, "a").replace(",", ";")
    batch = post(body, CSV).json
    work()
    odd = assert_problem(post(f"{first}odd;1\n", CSV), 422, "invalid-submission")

    (price,) = read(get(batch, "/results"))

    assert (price["line"], price["custom_id"]) == (3, "a")
    assert odd["errors"][0]["line"] == 2


def test_a_comma_in_a_number_is_told_the_sign_that_is_expected(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """Spreadsheets of many countries write one."""
    batch = post(table(house, "a", bathrooms="2,25"), CSV).json
    work()

    (error,) = read(get(batch, "/errors"))

    assert error["detail"].endswith('got text "2,25": the decimal sign is a point.')


@pytest.mark.parametrize(
    ("form", "body", "told"),
    [
        (NDJSON, b"", "no rows"),
        (NDJSON, b"\n \n", "no rows"),
        (CSV, b"", "empty"),
        (CSV, "id".encode("utf-16"), "UTF-16"),
        (JSON, "[]".encode("utf-16"), "UTF-16"),
        (CSV, gzip.compress(b"id"), "gzip: send it unpacked"),
        (JSON, gzip.compress(b"[]"), "gzip: send it unpacked"),
        (CSV, b"PK\x03\x04" + b"x" * 50, "workbook"),
        (JSON, b"[]", "no rows"),
        (JSON, b'{"input": {}}', "JSON list"),
        (JSON, b'[{"input": {}}', "comma or ]"),
        (JSON, b'[{"input": {', "Row 1 is not JSON"),
        (JSON, b"[{}] more", "nothing after"),
        (JSON, b"[{}, \xff]", "not UTF-8"),
        (JSON, b"[{},]", "Row 2 is not JSON"),
    ],
)
def test_a_body_that_is_not_of_its_form_is_refused_in_words(
    post: Post, api_settings: ApiSettings, form: str, body: bytes, told: str
) -> None:
    """And nothing of it is kept."""
    problem = assert_problem(post(body, form), 400, "malformed-body")

    assert told in problem["detail"]
    assert files_of(api_settings) == []


def test_a_table_with_an_open_quote_is_refused(post: Post, house: House) -> None:
    """Where rows begin and end nobody can tell any more."""
    text = table(house, "a")
    problem = assert_problem(post(text + '"b,1\n', CSV), 400, "malformed-body")

    assert "line 3" in problem["detail"]
    assert "a quote that is not closed" in problem["detail"]


def test_a_table_whose_lines_end_otherwise_is_refused_in_words(
    post: Post, house: House
) -> None:
    """Not in those of the reader of tables."""
    text = table(house, "a").replace("\r\n", "\r")
    problem = assert_problem(post(text, CSV), 400, "malformed-body")

    assert "its lines end with CR alone" in problem["detail"]


def test_a_table_in_another_encoding_is_refused_by_its_line(
    post: Post, house: House
) -> None:
    """What its letters mean nobody can tell."""
    text = table(house, "a").encode() + "b\xe9,1".encode("latin-1")
    problem = assert_problem(post(text, CSV), 400, "malformed-body")

    assert "Line 3 is not UTF-8" in problem["detail"]


def test_columns_are_told_before_anything_is_queued(post: Post, house: House) -> None:
    """Unknown, repeated and missing ones, with what was meant."""
    names = [name for name in house if name != "grade"]
    body = ",".join([*names, "bedroms", names[0]]) + "\n"

    problem = assert_problem(post(body, CSV), 422, "invalid-submission")

    codes = {error["code"]: error for error in problem["errors"]}
    assert set(codes) == {"unknown_column", "repeated_column", "missing_column"}
    assert "'bedrooms'" in codes["unknown_column"]["detail"]
    assert codes["missing_column"]["pointer"] == "/grade"


def test_thousands_of_columns_are_refused_in_a_short_answer(post: Post) -> None:
    """The first are told, and how many there are."""
    body = ",".join(f"c{n}" for n in range(1500)) + "\n"

    answer = post(body, CSV)

    problem = assert_problem(answer, 422, "invalid-submission")
    assert len(problem["errors"]) == 50
    assert "of 15" in problem["detail"]


def test_bounds_are_of_rows_bytes_and_of_one_line(
    post: Post, api_settings: ApiSettings
) -> None:
    """And what was written before one was met is removed."""
    many = lines(*[{"input": {}}] * 7)

    assert_problem(post(many), 413, "too-many-rows")
    assert_problem(post(b"x" * 9000), 413, "body-too-large")
    assert files_of(api_settings) == []


def test_one_long_line_is_no_batch(
    client: Client, shared: Any, caller: Headers
) -> None:
    """It would have to be held whole."""
    object.__setattr__(
        shared,
        "settings",
        shared.settings.model_copy(update={"batch_bytes": 10**6}),
    )

    for form in (NDJSON, JSON, CSV):
        answer = client.post(
            PATH, data=b'["' + b"x" * 300_000, headers=caller, content_type=form
        )
        problem = assert_problem(answer, 400, "malformed-body")
        assert "65536 bytes" in problem["detail"]


def test_a_long_row_of_a_list_is_no_batch(
    client: Client, shared: Any, caller: Headers
) -> None:
    """Whole or not: its errors would repeat it."""
    object.__setattr__(
        shared,
        "settings",
        shared.settings.model_copy(update={"batch_bytes": 10**6}),
    )
    row = {"custom_id": "x" * 70_000, "input": {}}

    answer = client.post(PATH, json=[row], headers=caller)

    problem = assert_problem(answer, 400, "malformed-body")
    assert "Row 1 has more than 65536 bytes" in problem["detail"]


def test_a_body_of_unknown_length_is_refused(client: Client, caller: Headers) -> None:
    """Part of a table is a table: one that broke off would be priced as a whole."""
    answer = client.post(
        PATH,
        input_stream=io.BytesIO(b'{"input":{}}\n'),
        content_type=NDJSON,
        headers={**caller, "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert_problem(answer, 411, "length-required")


def test_a_cut_body_is_told_as_such(client: Client, caller: Headers) -> None:
    """Nothing of it is queued."""
    answer = client.post(
        PATH,
        input_stream=io.BytesIO(b'{"input":{}}\n'),
        content_type=NDJSON,
        headers=caller,
        environ_overrides={"CONTENT_LENGTH": "1000"},
    )

    assert_problem(answer, 400, "cut-body")


def test_media_types_are_named(post: Post) -> None:
    """Whoever sends another is told which there are."""
    problem = assert_problem(post(b"x", "text/plain"), 415, "unsupported-media-type")

    assert NDJSON in problem["detail"]
    assert_problem(post(b"x", CSV + "; charset=latin-1"), 415, "unsupported-media-type")

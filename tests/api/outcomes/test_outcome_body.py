"""What a sale is told as: JSON or a table, read as a whole or not at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api import outcome_body
from model_store.archive.archive import Archive
from tests.api.conftest import assert_problem
from tests.api.outcomes.sales import SALE, wrong
from tests.model_store.archive.rows import prediction


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_as_spreadsheets_write_it(
    tell: Any, house: dict[str, Any], delimiter: str
) -> None:
    """With any delimiter, with a byte order mark, by prediction or by house."""
    names = ["sold_on", "prediction_id", *house, "price"]
    rows: list[list[str]] = [
        names,
        ["2026-02-27", prediction().id, *([""] * len(house)), "612000"],
        ["2026-02-28", "", *map(str, house.values()), "5.5e5"],
    ]
    text = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows)

    answer = tell(text.encode(), form="text/csv; charset=utf-8")

    assert answer.status_code == 201, answer.json
    first, second = answer.json["results"]
    assert first["prediction_id"] == SALE["prediction_id"]
    assert (second["prediction_id"], second["price"]) == (None, 550000)


def test_rows_of_a_table_that_are_wrong_are_told_by_their_line(
    tell: Any, archive: Archive
) -> None:
    """All of them, and nothing is written."""
    text = (
        "prediction_id,price,sold_on,colour\n"
        f"{SALE['prediction_id']},612000,2026-02-27,red\n"
        "\n"
        f"{SALE['prediction_id']},cheap,2026-02-30,red\n"
    )

    answer = tell(text, form="text/csv")

    assert wrong(answer) == [
        ("/colour", "unknown_column"),
        ("/outcomes/1/price", "float_type"),
        ("/outcomes/1/sold_on", "no_such_day"),
    ]
    assert [one["line"] for one in answer.json["errors"]] == [1, 4, 4]
    assert list(archive.outcomes.current()) == []


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (SALE | {"price": 0}, "/price", "greater_than_equal"),
        (SALE | {"price": "612000"}, "/price", "float_type"),
        (SALE | {"sold_on": "27.02.2026"}, "/sold_on", "string_pattern_mismatch"),
        (SALE | {"prediction_id": "x"}, "/prediction_id", "string_pattern_mismatch"),
        ({"price": 1, "sold_on": "2026-02-27"}, "", "one_of_expected"),
        (SALE | {"input": {}}, "", "one_of_expected"),
        (SALE | {"input": {}, "price": 0}, "/price", "greater_than_equal"),
        (7, "", "object_expected"),
        ({"outcomes": []}, "/outcomes", "sales_expected"),
        ({"outcomes": [SALE] * 1001}, "/outcomes", "sales_expected"),
        ({"outcomes": [SALE], "more": 1}, "/outcomes", "sales_expected"),
        ({"outcomes": [SALE, 7]}, "/outcomes/1", "object_expected"),
    ],
)
def test_what_is_no_sale_is_told_with_its_place(
    tell: Any, archive: Archive, body: Any, pointer: str, code: str
) -> None:
    """And nothing is written, not even of those that are right."""
    assert (pointer, code) in wrong(tell(body))
    assert list(archive.outcomes.current()) == []


@pytest.mark.parametrize(
    ("named", "got"),
    [
        ({}, "none"),
        ({"property_id": "a", "prediction_id": "b"}, "prediction_id, property_id"),
    ],
)
def test_a_sale_that_names_no_house_or_two_is_told_how_one_is_named(
    tell: Any, named: dict[str, str], got: str
) -> None:
    """All ways that there are, and which of them it took."""
    (error,) = tell({"price": 1, "sold_on": "2026-02-27"} | named).json["errors"]

    assert error["detail"] == (
        f"Expected one of prediction_id, property_id, input; got {got}."
    )


def test_a_sale_of_the_future_is_refused(
    tell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Today is the latest day, wherever on earth."""

    class Now(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Now":
            return cls(2026, 2, 27, 9, tzinfo=tz)

    monkeypatch.setattr(outcome_body, "datetime", Now)
    tomorrow = str((Now.now(UTC) + timedelta(days=1)).date())

    assert tell(SALE).status_code == 201
    assert wrong(tell(SALE | {"sold_on": tomorrow})) == [("/sold_on", "future_day")]


def test_a_house_is_held_to_the_schema_of_the_champion(
    tell: Any, house: dict[str, Any]
) -> None:
    """With the pointer into the house."""
    sale = {"input": house | {"bedrooms": "3"}, "price": 1, "sold_on": "2026-02-27"}

    answer = tell({"outcomes": [SALE, sale]})

    assert wrong(answer) == [("/outcomes/1/input/bedrooms", "int_type")]


@pytest.mark.parametrize(
    ("body", "form", "slug"),
    [
        (b"{", "application/json", "malformed-body"),
        (b"", "text/csv", "malformed-body"),
        (b"price\n\xff", "text/csv", "malformed-body"),
        (b"price,price\n1,2", "text/csv", "malformed-body"),
        (b"price,sold_on\n1", "text/csv", "malformed-body"),
    ],
)
def test_a_body_that_cannot_be_read_is_told_so(
    tell: Any, body: bytes, form: str, slug: str
) -> None:
    """As a whole, before any sale is looked at."""
    assert_problem(tell(body, form=form), 400, slug)


@pytest.mark.parametrize("form", ["text/html", "text/csv; charset=latin-1"])
def test_other_media_are_refused(tell: Any, form: str) -> None:
    """Only JSON and CSV in UTF-8 are read."""
    assert_problem(tell(b"price", form=form), 415, "unsupported-media-type")

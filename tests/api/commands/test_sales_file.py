"""Laws of files of sales."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from api.commands import sales_file
from api.house_file import WrongFile

SALE = {"prediction_id": "p1", "price": 612000, "sold_on": "2026-01-31"}
HOUSE = {"input": {"bedrooms": 3, "zipcode": "98117"}, "price": 5, "sold_on": "x"}


def _features() -> Mapping[str, str]:
    return {"bedrooms": "integer", "zipcode": "category"}


def _unasked() -> Mapping[str, str]:
    pytest.fail("a table without houses needs no model")


def test_a_table_of_ids_needs_no_model() -> None:
    """Its three columns say all; any delimiter and a byte order mark will do."""
    text = "\ufeffprediction_id;price;sold_on\np1;612000;2026-01-31\n".encode()

    assert sales_file.read(text, "f", _unasked) == [("line 2", SALE)]


def test_a_table_may_tell_houses() -> None:
    """Their columns are the features of the model."""
    text = b"price,sold_on,bedrooms,zipcode\n5,x,3,98117\n"

    assert sales_file.read(text, "f", _features) == [("line 2", HOUSE)]


@pytest.mark.parametrize(
    "document", [[SALE, HOUSE], {"outcomes": [SALE, HOUSE]}], ids=["list", "body"]
)
def test_json_is_a_list_or_what_the_api_takes(document: Any) -> None:
    """However it is set; a sale is known by its number."""
    text = json.dumps(document, indent=2).encode()

    assert sales_file.read(text, "f", _unasked) == [("sale 1", SALE), ("sale 2", HOUSE)]


def test_json_may_be_an_object_a_line() -> None:
    """A sale is known by its line; one alone is a document."""
    lines = f"{json.dumps(SALE)}\n\n{json.dumps(HOUSE)}\n".encode()

    assert sales_file.read(lines, "f", _unasked) == [
        ("line 1", SALE),
        ("line 3", HOUSE),
    ]
    assert sales_file.read(json.dumps(SALE).encode(), "f", _unasked) == [
        ("sale 1", SALE)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f is empty"),
        ("[]", "f tells no sale"),
        ("price,sold_on\n", "f tells no sale"),
        ("[1]", "f, sale 1: expected a JSON object"),
        ('{"price": 1}\n[1', "f, line 2: not JSON: .* Expected an object a line"),
        ("price,sold_on,street\n1,2,3\n", "f, line 1: no column of a sale: 'street'"),
        ("price,sold_on\n1\n", "f, line 2: 1 cells"),
    ],
)
def test_another_file_is_refused_with_its_place(text: str, message: str) -> None:
    """And with what is expected instead."""
    with pytest.raises(WrongFile, match=message):
        sales_file.read(text.encode(), "f", _features)

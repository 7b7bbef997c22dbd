"""Laws of what the columns and cells of a file mean."""

from typing import Any

import pytest

from api.commands import house_columns
from api.house_file import WrongFile

FEATURES = [
    {"name": "rooms", "kind": "integer", "required": True, "description": "Rooms."},
    {"name": "area", "kind": "number", "required": True, "description": "Area."},
    {"name": "district", "kind": "category", "required": False, "description": "Where"},
]


def test_columns_in_any_order_are_features_or_pass() -> None:
    """A feature that may be absent need not be there."""
    found = house_columns.kinds(["street", "area", "rooms"], FEATURES, ())

    assert found == {"area": "number", "rooms": "integer"}


def test_a_missing_feature_is_told_with_what_it_is() -> None:
    """And all of them at once."""
    with pytest.raises(WrongFile) as told:
        house_columns.kinds(["street"], FEATURES, ())

    assert str(told.value) == "No column 'rooms': Rooms.\nNo column 'area': Area."


@pytest.mark.parametrize("column", ["distrikt", "District", "DISTRICTS"])
def test_what_looks_like_a_feature_is_not_passed_through(column: str) -> None:
    """A misspelt feature would be left out of every house without a word."""
    columns = ["rooms", "area", column]

    with pytest.raises(WrongFile, match=f"say --no-feature {column}"):
        house_columns.kinds(columns, FEATURES, ())

    found = house_columns.kinds(columns, FEATURES, [column])
    assert found == {"rooms": "integer", "area": "number"}


def test_a_column_that_is_said_to_be_none_is_none() -> None:
    """Also where it is called exactly like a feature that may be absent."""
    columns = ["rooms", "area", "district"]

    found = house_columns.kinds(columns, FEATURES, ["district"])

    assert found == {"rooms": "integer", "area": "number"}


@pytest.mark.parametrize(
    ("name", "message"),
    [("area", "the model needs it"), ("arae", "there is no such column")],
)
def test_a_no_feature_that_cannot_be_is_told(name: str, message: str) -> None:
    """Without a word the column would be sent, or be missing in every house."""
    with pytest.raises(WrongFile) as told:
        house_columns.kinds(["rooms", "area"], FEATURES, [name])

    assert str(told.value) == f"--no-feature {name}: {message}."


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [
        ("3", "integer", 3),
        ("3.0", "integer", 3),
        ("3", "number", 3),
        ("2.25", "number", 2.25),
        ("-122.4", "number", -122.4),
        ("98117", "category", "98117"),
        ("three", "integer", "three"),
        ("2,25", "number", "2,25"),
        ("1_000", "integer", "1_000"),
        ("nan", "number", "nan"),
        ("inf", "number", "inf"),
    ],
)
def test_a_cell_is_read_by_its_kind_or_left_to_the_api(
    cell: str, kind: str, value: Any
) -> None:
    """What is no number is not made into one."""
    house = house_columns.house([cell], ["x"], {"x": kind})

    assert house == {"x": value}
    assert type(house["x"]) is type(value)


def test_an_empty_cell_is_absent() -> None:
    """As is a column that is no feature."""
    kinds = {"rooms": "integer"}

    assert house_columns.house(["", "x"], ["rooms", "street"], kinds) == {}

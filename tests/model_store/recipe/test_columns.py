"""What a column means is read off its definition."""

import pytest

from model_store import dataset
from model_store.recipe.columns import Columns
from model_store.schema import Feature, Schema
from tests.model_store.markets import FEATURES


def _number(name: str, unit: str | None) -> Feature:
    return Feature(name, "number", "?", 1, unit)


def test_kinds_follow_the_definition() -> None:
    """Numbers and categories keep their order; years and places are positions."""
    assert Columns.of(Schema(FEATURES)) == Columns(
        numbers=("area", "built", "lat", "lon"),
        categories=("quarter", "heating"),
        years=(1,),
        place=(2, 3),
    )


def test_the_shipped_houses_have_a_place_and_two_years() -> None:
    """The model of the shipped sales compares by distance."""
    columns = Columns.of(dataset.load().schema)

    assert [columns.numbers[at] for at in columns.place or ()] == ["lat", "long"]
    assert [columns.numbers[at] for at in columns.years] == ["yr_built", "yr_renovated"]


@pytest.mark.parametrize("name", ["lon", "lng", "long", "Longitude"])
def test_a_longitude_has_many_names(name: str) -> None:
    """Whatever the owner of a table calls it, unit and first letters tell."""
    schema = Schema((_number(name, "deg"), _number("LATITUDE", "deg")))

    assert Columns.of(schema).place == (1, 0)


@pytest.mark.parametrize(
    "features",
    [
        (_number("lat", "deg"),),
        (_number("lat", None), _number("lon", "deg")),
        (_number("lat", "deg"), _number("lat2", "deg"), _number("lon", "deg")),
        (_number("lateral", "m"), _number("long", "m")),
    ],
)
def test_half_a_place_is_none(features: tuple[Feature, ...]) -> None:
    """A place that is not sure is not guessed."""
    assert Columns.of(Schema(features)).place is None

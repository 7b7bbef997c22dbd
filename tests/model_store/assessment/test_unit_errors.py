"""The mistakes that an assessment makes on purpose."""

from dataclasses import replace

import pytest

from model_store import dataset
from model_store.assessment.unit_errors import House, unit_errors
from model_store.schema import Schema

SCHEMA = dataset.load().schema


@pytest.fixture
def house() -> House:
    """Return a house of the shipped market."""
    return dict(SCHEMA.example)


def test_every_area_is_given_in_the_other_unit(house: House) -> None:
    """Square feet become square metres, and nothing else changes."""
    spoilt = unit_errors(SCHEMA)["areas in the other unit"](house)

    changed = {name for name in house if spoilt[name] != house[name]}
    areas = {f.name for f in SCHEMA.features if f.unit == "ft2" and house[f.name]}
    assert changed == areas
    assert spoilt["sqft_living"] == pytest.approx(1910 * 0.0929, rel=1e-3)


def test_square_metres_become_square_feet(house: House) -> None:
    """A market of metres has the mistake the other way round."""
    metric = Schema(
        tuple(
            replace(f, unit=f.unit and f.unit.replace("ft2", "m2"))
            for f in SCHEMA.features
        )
    )

    spoilt = unit_errors(metric)["areas in the other unit"](house)

    assert spoilt["sqft_living"] == pytest.approx(1910 * 10.76, rel=1e-3)


def test_a_slip_adds_a_zero_to_one_area(house: House) -> None:
    """The first of the schema."""
    spoilt = unit_errors(SCHEMA)["an extra zero in sqft_living"](house)

    assert spoilt == house | {"sqft_living": 19100}


def test_a_place_is_swapped_or_moved(house: House) -> None:
    """To where latitude and longitude change sides, or to another city."""
    errors = unit_errors(SCHEMA)

    swapped = errors["latitude and longitude swapped"](house)
    moved = errors["another city"](house)

    assert (swapped["lat"], swapped["long"]) == (house["long"], house["lat"])
    assert float(house["lat"]) - moved["lat"] == pytest.approx(1.8)


def test_a_market_without_areas_and_places_has_no_such_mistakes() -> None:
    """Nothing is made up."""
    plain = Schema(tuple(f for f in SCHEMA.features if f.unit not in ("ft2", "deg")))

    assert unit_errors(plain) == {}


def test_what_a_house_lacks_stays_missing(house: House) -> None:
    """A mistake is made with a value that is given."""
    del house["sqft_living"], house["lat"]

    for spoil in unit_errors(SCHEMA).values():
        assert spoil(house).get("sqft_living") is None

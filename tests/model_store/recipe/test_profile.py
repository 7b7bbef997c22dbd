"""A house unlike all sales is told so, in words that its owner understands."""

import json
from typing import Any

import numpy as np
import orjson
import pytest

from model_store import dataset
from model_store.card import Profile
from model_store.dataset import Dataset
from model_store.recipe.comparables import Neighbours
from model_store.recipe.profile import profile
from model_store.serving.flags import Flagging
from model_store.serving.predictor import Predictor
from tests.model_store.markets import market

KNOWN = {"quarter": ["east", "south", "west"], "heating": ["gas", "oil"]}
GOOD: dict[str, Any] = {
    "area": 80.5,
    "built": 1970,
    "lat": 50.01,
    "lon": 8.01,
    "quarter": "east",
    "heating": "gas",
}

CHECK = "Check the value and its unit."
AREAS = f"999 of 1,000 sales have 30.1 to 199.5 m2. {CHECK}"
YEARS = f"999 of 1,000 sales have 1900 to 2019. {CHECK}"
NO_GAPS = "every sale has it. Give it, or expect a rough price."


def _near(unlikeness: Any, remoteness: Any) -> Neighbours:
    nobody = np.zeros((0, 0))
    return Neighbours(nobody.astype(int), nobody, None, unlikeness, remoteness)


def _flags(
    sales: Dataset, house: dict[str, Any], unlikeness: float = 0, km: float = 0
) -> list[Any]:
    ends = np.array([1.0, 2.0])
    made = profile(sales.schema, sales.houses, _near(ends, ends))
    return Flagging(made, sales.schema, KNOWN).flags(house, unlikeness, km)


@pytest.fixture(scope="module")
def complete() -> Dataset:
    """Return sales that lack nothing."""
    return market(gaps=0)


def test_a_usual_house_has_no_flag(complete: Dataset) -> None:
    """Nor has the least and the greatest sale of each feature."""
    houses = complete.houses
    numbers = ["area", "built", "lat", "lon"]

    for house in (GOOD, GOOD | dict(houses[numbers].min()), dict(houses.loc[5])):
        assert _flags(complete, house) == []
    assert _flags(complete, GOOD | dict(houses[numbers].max())) == []


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"area": 866.5}, "above_sales", f"area is 866.5 m2; {AREAS}"),
        ({"area": 5}, "below_sales", f"area is 5 m2; {AREAS}"),
        ({"area": 12_345_678.9}, "above_sales", f"area is 12,345,679 m2; {AREAS}"),
        ({"built": 2077}, "above_sales", f"built is 2077; {YEARS}"),
        ({"built": 0}, "missing", f"built is 0, which means none; {NO_GAPS}"),
        ({"lat": None}, "missing", f"lat is missing; {NO_GAPS}"),
        ({"heating": None}, "missing", f"heating is missing; {NO_GAPS}"),
        (
            {"quarter": "north"},
            "unknown_category",
            "No sale has quarter 'north': check it, or expect a rough price.",
        ),
    ],
)
def test_a_flag_names_feature_value_unit_and_what_is_usual(
    complete: Dataset, change: dict[str, Any], code: str, told: str
) -> None:
    """The text is the whole message that a customer reads."""
    ((name, value),) = change.items()

    assert _flags(complete, GOOD | change) == [
        {"feature": name, "code": code, "value": value, "detail": told}
    ]


def test_a_value_is_told_alike_however_it_was_written(complete: Dataset) -> None:
    """5 and 5.0 are one value, and a house has one answer to the last byte."""
    whole, decimal = (_flags(complete, GOOD | {"area": area}) for area in (5, 5.0))

    assert json.dumps(whole) == json.dumps(decimal)


def test_a_value_too_large_for_an_integer_is_told_too(complete: Dataset) -> None:
    """A schema may leave a number without bounds; what is answered is still JSON."""
    (flag,) = _flags(complete, GOOD | {"area": 1e20})

    assert orjson.loads(orjson.dumps(flag))["value"] == 1e20


def test_every_odd_feature_has_its_flag(complete: Dataset) -> None:
    """Latitude and longitude swapped are two flags."""
    flags = _flags(complete, GOOD | {"lat": 8.01, "lon": 50.01})

    assert [(flag["feature"], flag["code"]) for flag in flags] == [
        ("lat", "below_sales"),
        ("lon", "above_sales"),
    ]


def test_a_value_that_sales_lack_too_may_be_missing() -> None:
    """An optional feature is no reproach; a key that is not there is as good."""
    sales = market(gaps=0.1)

    assert _flags(sales, {"area": 80.5, "built": None, "quarter": None}) == []
    assert _flags(sales, GOOD | {"built": 0}) == []


def test_a_column_that_no_sale_fills_raises_no_flag() -> None:
    """Nothing is known of it, so nothing is unusual."""
    sales = market()
    sales.houses["lat"] = np.nan

    assert _flags(sales, GOOD) == _flags(sales, GOOD | {"lat": None}) == []


def test_a_house_that_no_combination_matches_is_flagged_as_a_whole(
    complete: Dataset,
) -> None:
    """Each value is usual, all together are not; a named flag says more than this."""
    (flag,) = _flags(complete, GOOD, unlikeness=2.1)

    assert (flag["feature"], flag["code"], flag["value"]) == (
        None,
        "unlike_sales",
        None,
    )
    assert flag["detail"].startswith("No sale is much like this house")
    assert _flags(complete, GOOD, unlikeness=1.9) == []
    assert len(_flags(complete, GOOD | {"area": 5}, unlikeness=2.1)) == 1


def test_a_profile_keeps_gaps_ranges_and_shares(complete: Dataset) -> None:
    """What later houses are compared with; a year 0 counts as missing."""
    sales = market(gaps=0)
    sales.houses.loc[:39, "built"] = 0.0
    sales.houses.loc[:99, "heating"] = np.nan

    ranks = np.arange(1001.0)
    made = profile(sales.schema, sales.houses, _near(ranks, 10 * ranks))

    assert isinstance(made, Profile)
    by_name = {one.name: one for one in made.features}
    built, heating = by_name["built"], by_name["heating"]
    assert (made.unlikeness, made.remoteness) == (995, 9990)
    assert (built.missing, heating.missing) == (0.1, 0.25)
    assert built.low == built.deciles[0] == sales.houses["built"][40:].min()
    assert len(built.deciles) == 11
    assert heating.low is None
    assert sum((heating.shares or {}).values()) == pytest.approx(1)


def test_a_house_far_from_every_sale_is_told_how_far(complete: Dataset) -> None:
    """Its features may be usual; there is no market where it stands."""
    (flag,) = _flags(complete, GOOD, km=12.34)

    assert (flag["code"], flag["value"]) == ("far_from_sales", 12.34)
    assert flag["detail"] == "The nearest comparable sale is 12.3 km away."
    assert _flags(complete, GOOD, km=1.9) == []


@pytest.mark.parametrize(
    "change",
    [
        {"sqft_living": 177},
        {"sqft_living": 19_100},
        {"sqft_lot": 7_618_000},
        {"bathrooms": 22.5},
        {"floors": 15},
        {"grade": 1},
        {"yr_built": 2030},
        {"yr_renovated": 1890},
        {"zipcode": "10001"},
        {"lat": 40.7, "long": -74.0},
        {"lat": -122.4, "long": 47.6833},
        {"sqft_living15": 150},
        {"sqft_lot15": 5_100_000},
    ],
)
def test_units_places_and_typing_errors_are_flagged(
    predictor: Predictor, change: dict[str, Any]
) -> None:
    """Each wrong feature is named, and the band says that the price is a guess."""
    house = predictor.card.schema.example | change

    (output,) = predictor.predict([house])

    assert {flag["feature"] for flag in output["flags"]} == set(change)
    assert not output["in_distribution"]
    assert output["confidence"]["band"] == "low"


def test_few_houses_of_the_market_are_flagged(predictor: Predictor) -> None:
    """Sales that the model did not see are like those it saw, but for one in forty."""
    sales = dataset.load()

    outputs = predictor.predict([sales.house(row) for row in range(12, 21_613, 25)])

    assert np.mean([bool(output["flags"]) for output in outputs]) < 1 / 40

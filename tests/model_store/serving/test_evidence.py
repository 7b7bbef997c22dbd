"""Sales beside a price are real, near, and brought to the date of the price."""

import math
from typing import Any

import numpy as np
import pytest

from model_store.recipe.comparables import ComparableSales
from model_store.serving.evidence import SHOWN, Evidence
from tests.model_store.markets import columns_of, compared, market


@pytest.fixture(scope="module")
def sales() -> ComparableSales:
    """Return sales of which each was brought to the present by a tenth."""
    made = compared(market(gaps=0))
    made.log_prices = np.log(made.prices) + np.log(1.1)
    return made


def test_the_nearest_sales_are_shown_with_price_and_date(
    sales: ComparableSales,
) -> None:
    """What was paid, when, and what that is at the date of the price."""
    _, found = sales.look(columns_of(market(gaps=0)))

    shown = Evidence(sales).comparables(found, 3)

    assert len(shown) == SHOWN
    for sale, row in zip(shown, found.rows[3].tolist(), strict=False):
        assert sale["sold_on"] == str(sales.sold_on[row])
        assert sale["price"] == sales.prices[row]
        assert sale["price_as_of"] == pytest.approx(1.1 * sales.prices[row], abs=1)
        assert sale["house"] == {
            "area": sales.numbers[row, 0],
            "built": sales.numbers[row, 1],
        }
        assert type(sale["house"]["built"]) is int


def test_the_distance_is_that_of_a_map(sales: ComparableSales) -> None:
    """As by the haversine formula, within a percent."""
    houses = columns_of(market(gaps=0))
    _, found = sales.look(houses)

    for at in range(20):
        for sale, row in zip(
            Evidence(sales).comparables(found, at), found.rows[at], strict=False
        ):
            metres = _haversine(houses[at, -2:].tolist(), sales.numbers[row, 2:4])
            assert sale["distance_m"] == pytest.approx(metres, rel=0.01, abs=1)


def test_no_distance_is_told_where_a_place_is_not_known() -> None:
    """Neither of a house nor of a sale without one, nor in a market without places."""
    made = market(gaps=0.3)
    sales = compared(made)
    rows = columns_of(made)
    _, found = sales.look(rows)
    placed: Any = np.isfinite(sales.km).all(axis=1)

    for at in range(50):
        shown = Evidence(sales).comparables(found, at)
        expected = [
            placed[at] and placed[row] for row in found.rows[at, :SHOWN].tolist()
        ]
        assert ["distance_m" in sale for sale in shown] == expected

    without = market(only=("area",))
    sales = compared(without)
    _, found = sales.look(columns_of(without))
    assert "distance_m" not in Evidence(sales).comparables(found, 0)[0]


def test_a_missing_value_of_a_sale_is_left_out() -> None:
    """Nothing is shown that nobody knows."""
    made = market(gaps=0.3)
    sales = compared(made)
    _, found = sales.look(columns_of(made))
    evidence = Evidence(sales)

    houses = [s["house"] for at in range(50) for s in evidence.comparables(found, at)]

    assert {tuple(house) for house in houses} == {("area", "built"), ("area",)}


def test_a_shown_sale_belongs_to_its_caller_alone(sales: ComparableSales) -> None:
    """Whoever changes an answer changes no later one."""
    _, found = sales.look(columns_of(market(gaps=0)))
    evidence = Evidence(sales)
    first = evidence.comparables(found, 0)
    expected = [sale | {"house": dict(sale["house"])} for sale in first]

    first[0]["house"]["area"] = first[0]["price"] = 0

    assert evidence.comparables(found, 0) == expected


def _haversine(a: list[float], b: np.ndarray) -> float:
    (north, east), (north_b, east_b) = np.radians(a), np.radians(b)
    h = math.sin((north_b - north) / 2) ** 2
    h += math.cos(north) * math.cos(north_b) * math.sin((east_b - east) / 2) ** 2
    return 2 * 6_371_000 * math.asin(math.sqrt(h))

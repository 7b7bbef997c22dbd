"""Houses that travel with a model are real, and hold every kind of hole."""

import numpy as np

from model_store import samples
from model_store.artifact import Artifact
from tests.model_store.markets import market


def test_parity_houses_hold_gaps_and_unknown_values(small_artifact: Artifact) -> None:
    """What is compared at load includes every kind of hole."""
    houses = small_artifact.parity_houses
    names = small_artifact.schema.names

    assert len(houses) >= 64
    assert all(any(house[name] is None for house in houses) for name in names)
    assert any(None not in house.values() for house in houses)


def test_every_category_is_among_the_parity_houses() -> None:
    """A code that differs for one category alone is noticed when a model is loaded."""
    sales = market()

    houses = samples.parity(sales)

    assert {house.get("quarter") for house in houses} == {
        "east",
        "south",
        "west",
        "\N{REPLACEMENT CHARACTER}",
        None,
    }


def test_of_very_many_categories_the_frequent_ones_are_compared() -> None:
    """Parity stays quick, whatever a table holds."""
    sales = market(1000)
    sales.houses["quarter"] = [str(row % 600) for row in range(1000)]

    houses = samples.parity(sales)

    assert len(houses) < samples.PARITY_SALES + samples.PARITY_CATEGORIES + 20


def test_a_market_without_categories_has_parity_houses_too() -> None:
    """Numbers and gaps are all there is to compare."""
    houses = samples.parity(market(only=("area",)))

    assert len(houses) == samples.PARITY_SALES + 4
    assert {} not in houses


def test_example_houses_run_from_cheap_to_dear(small_artifact: Artifact) -> None:
    """Five real sales that the schema accepts, with what they sold for."""
    house = small_artifact.schema.house_model()
    sold = [example["sold_for"] for example in small_artifact.examples]

    for example in small_artifact.examples:
        house.model_validate(example["house"])
    assert len(sold) == 5
    assert sold == sorted(sold)


def test_few_sales_give_few_examples() -> None:
    """A test of two sales shows both."""
    sales = market(2, only=("area",))

    examples = samples.examples(sales)

    assert [one["sold_for"] for one in examples] == np.sort(sales.prices).tolist()

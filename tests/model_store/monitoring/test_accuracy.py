"""Figures of realised sales are those of the trade, cell by cell, with intervals."""

import numpy as np
import pytest

from model_store.monitoring import accuracy
from model_store.monitoring.accuracy import FEWEST, Judged, cell, table
from model_store.recipe.evaluation import Outcome, measure


def outcome(ratio: np.ndarray, *, fsd: float = 0.1) -> Outcome:
    """Return sales at 200,000 with prices so many times as high."""
    price = ratio * 200_000
    return Outcome(
        np.full(len(ratio), 200_000.0),
        price,
        price * 0.8,
        price * 1.2,
        np.full(len(ratio), fsd),
    )


def judged(days: list[str], versions: list[str], zips: list[str]) -> Judged:
    """Return one sale a day given, each priced 5 % low."""
    return Judged(
        np.array(days, dtype="datetime64[D]"),
        np.array(versions),
        outcome(np.full(len(days), 0.95)),
        {"zip": np.array(zips)},
    )


def test_a_cell_tells_what_a_card_tells_and_how_sure_it_is() -> None:
    """Its figures are those of `measure`; each interval holds its figure."""
    one = outcome(np.random.default_rng(0).normal(0.98, 0.1, 500))

    told = cell(one)

    assert measure(one).items() <= told.items()
    for figure in ("mdape", "median_bias", "ppe10", "ppe20", "coverage", "within_fsd"):
        low, high = told[f"{figure}_between"]
        assert low < told[figure] < high


def test_intervals_hold_the_truth_in_95_of_100_cases_or_more() -> None:
    """Drawn 200 times from sales whose median bias is -2 %."""
    draw = np.random.default_rng(5)

    held = 0
    for _ in range(200):
        low, high = cell(outcome(0.98 + draw.normal(0, 0.1, 80)))["median_bias_between"]
        held += low <= -2 <= high

    assert 0.94 <= held / 200 < 1


def test_the_fsd_ratio_is_one_where_two_of_three_sales_are_within_it() -> None:
    """Half an FSD that is told makes it two."""
    draw = np.random.default_rng(2)
    ratio = 1 / (1 + 0.1 * draw.normal(size=20_000))

    assert cell(outcome(ratio))["fsd_ratio"] == pytest.approx(1, abs=0.02)
    assert cell(outcome(ratio, fsd=0.05))["fsd_ratio"] == pytest.approx(2, abs=0.04)


def test_a_small_cell_tells_only_its_number() -> None:
    """Of 19 sales no figure is told."""
    assert cell(outcome(np.ones(FEWEST - 1))) == {"n": FEWEST - 1, "suppressed": True}


def test_months_and_versions_have_rows_of_their_own() -> None:
    """Beside those of all versions together."""
    sales = judged(
        ["2015-03-02"] * 40 + ["2015-04-30"] * 20, ["a"] * 20 + ["b"] * 40, ["1"] * 60
    )

    rows = table(sales, "month")

    assert [(row["from"], row["version"], row["n"]) for row in rows] == [
        ("2015-03-01", None, 40),
        ("2015-03-01", "a", 20),
        ("2015-03-01", "b", 20),
        ("2015-04-01", None, 20),
        ("2015-04-01", "b", 20),
    ]
    assert {row["median_bias"] for row in rows} == {-5.0}


def test_weeks_begin_on_monday() -> None:
    """A Sunday belongs to the Monday before."""
    sales = judged(["2015-03-01", "2015-03-02", "2015-03-08"], ["a"] * 3, ["1"] * 3)

    rows = [row for row in table(sales, "week") if row["version"] is None]

    assert [(row["from"], row["n"]) for row in rows] == [
        ("2015-02-23", 1),
        ("2015-03-02", 2),
    ]


def test_groups_of_a_segment_are_told_where_they_are_large_enough() -> None:
    """The zip with 19 sales is left out."""
    sales = judged(["2015-03-02"] * 44, ["a"] * 44, ["98001"] * 25 + ["98002"] * 19)

    rows = table(sales, "month", "zip")

    assert [(row["version"], row["group"], row["n"]) for row in rows] == [
        (None, "98001", 25),
        ("a", "98001", 25),
    ]


def test_price_quintiles_are_by_price_given_and_paid_alike() -> None:
    """Each holds a fifth; the cheapest is 1."""
    price = np.linspace(100_000, 1_000_000, 100)
    one = Outcome(price, price, price, price, price)

    groups = accuracy.price_quintiles(one)

    assert np.unique(groups, return_counts=True)[1].tolist() == [20] * 5
    assert groups[0] == "1"
    assert groups[-1] == "5"


def test_fsd_calibration_tells_what_each_fifth_kept() -> None:
    """Said in percent beside the share of sales that were within it."""
    fsd = np.repeat([0.05, 0.1, 0.15, 0.2, 0.25], 30)
    one = outcome(np.full(150, 1 / 1.12))
    sales = Outcome(one.sold, one.price, one.low, one.high, fsd)

    told = accuracy.fsd_calibration(sales)

    assert [row["fsd"] for row in told] == [5, 10, 15, 20, 25]
    assert [row["within"] for row in told] == [0, 0, 100, 100, 100]

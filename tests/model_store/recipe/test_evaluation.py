"""The figures on a card are those of the trade."""

import numpy as np

from model_store.recipe.evaluation import (
    Outcome,
    joined,
    measure,
    middle,
    quintiles,
)

OUTCOME = Outcome(
    sold=np.array([100.0, 200.0, 300.0, 400.0]),
    price=np.array([90.0, 200.0, 360.0, 600.0]),
    low=np.array([80.0, 190.0, 320.0, 500.0]),
    high=np.array([110.0, 210.0, 400.0, 700.0]),
    fsd=np.array([0.1, 0.1, 0.2, 0.2]),
)


def test_the_figures_of_four_sales_are_as_counted_by_hand() -> None:
    """Prices 10 % low, right, 20 % high and 50 % high; two of four ranges hold."""
    assert measure(OUTCOME) == {
        "n": 4,
        "mdape": 15.0,
        "ppe10": 50.0,
        "ppe20": 75.0,
        "median_bias": 10.0,
        "r2": round(1 - (10**2 + 60**2 + 200**2) / 50_000, 4),
        "coverage": 50.0,
        "mean_width": round(100 * (30 / 90 + 20 / 200 + 80 / 360 + 200 / 600) / 4, 2),
        "within_fsd": 50.0,
    }


def test_periods_are_measured_together_or_apart() -> None:
    """Joined parts are the whole."""
    first = np.arange(4) < 1

    parts = [OUTCOME.where(first), OUTCOME.where(~first)]

    assert measure(joined(parts)) == measure(OUTCOME)
    assert [measure(part)["n"] for part in parts] == [1, 3]


def test_one_sale_has_figures_too() -> None:
    """A table with a single later sale is measured, if meaninglessly."""
    assert measure(OUTCOME.where(np.arange(4) == 1))["r2"] == 0


def test_noise_looks_like_no_bias_at_the_ends() -> None:
    """By the price paid alone an unbiased model would overprice the cheapest."""
    random = np.random.default_rng(0)
    worth = random.lognormal(13, 0.5, 20_000)
    sold, price = (worth * random.lognormal(0, 0.1, len(worth)) for _ in range(2))
    outcome = Outcome(sold, price, price, price, price)

    by_middle = [row["median_bias"] for row in quintiles(outcome, middle(outcome))]
    by_paid = [row["median_bias"] for row in quintiles(outcome, sold)]

    assert max(map(abs, by_middle)) < 1
    assert by_paid[0] > 1
    assert by_paid[-1] < -1

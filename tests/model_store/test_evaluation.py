"""The figures on a card are those of the trade."""

import numpy as np

from model_store.evaluation import measure


def test_the_figures_of_four_sales_are_as_counted_by_hand() -> None:
    """Prices 10 % low, right, 20 % high and 50 % high; two of four ranges hold."""
    sold = np.array([100.0, 200.0, 300.0, 400.0])
    priced = np.array(
        [[90, 80, 110], [200, 190, 210], [360, 320, 400], [600, 500, 700]]
    )

    assert measure(priced, sold) == {
        "n": 4,
        "mdape": 15.0,
        "ppe10": 50.0,
        "ppe20": 75.0,
        "median_bias": 10.0,
        "r2": round(1 - (10**2 + 60**2 + 200**2) / 50_000, 4),
        "coverage": 50.0,
        "mean_width": round(100 * (30 / 90 + 20 / 200 + 80 / 360 + 200 / 600) / 4, 2),
    }


def test_one_sale_has_figures_too() -> None:
    """A table with a single later sale is measured, if meaninglessly."""
    assert measure(np.array([[100, 90, 110]]), np.array([100.0]))["r2"] == 0

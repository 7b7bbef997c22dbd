"""A range holds what it promises."""

import math

import numpy as np
import pytest

from model_store import calibration


def test_the_correction_is_the_finite_sample_quantile() -> None:
    """Of 99 scores the 95th leaves at most 5 % of new sales beyond."""
    scores = np.random.default_rng(0).permutation(np.arange(1.0, 100.0))

    assert calibration.correction(scores, 0.05) == 95


def test_few_scores_give_the_greatest() -> None:
    """With too few sales the correction is as careful as the data allow."""
    assert calibration.correction(np.array([3.0, 1.0, 2.0]), 0.05) == 3


def test_corrected_ranges_hold_their_share_of_new_sales() -> None:
    """Over many draws, bounds that hold half are widened to hold 90 % on average."""
    random = np.random.default_rng(1)
    held = []
    for _ in range(200):
        sold, new = random.normal(size=200), random.normal(size=200)
        low, high = np.full(200, -0.67), np.full(200, 0.67)
        below, above = calibration.corrections(low, high, sold, 0.9)
        held.append(np.mean((low - below <= new) & (new <= high + above)))

    assert np.mean(held) == pytest.approx(0.9, abs=0.01)


def test_each_side_is_corrected_on_its_own() -> None:
    """On a market that rose, only the upper bound moves up."""
    random = np.random.default_rng(2)
    sold = random.normal(loc=0.5, size=5000)
    low, high = np.full(5000, -1.645), np.full(5000, 1.645)

    below, above = calibration.corrections(low, high, sold, 0.9)

    assert below == pytest.approx(-0.5, abs=0.1)
    assert above == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    "raw", [(12.0, 11.8, 12.2), (12.0, 12.5, 13.0), (12.0, 11.0, 11.5), (0.0, 0.0, 0.0)]
)
def test_the_price_always_lies_in_its_range(raw: tuple[float, float, float]) -> None:
    """Quantile models may cross; an answer never shows it."""
    price, low, high = calibration.price_range(raw, -0.01, 0.02)

    assert low <= price <= high
    assert price == round(math.exp(raw[0]))

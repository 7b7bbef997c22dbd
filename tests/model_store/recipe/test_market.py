"""The index follows a market to the ends of its sales, and makes nothing up."""

import numpy as np
import pytest

from model_store.recipe.market import Days, MarketIndex

FIRST = np.datetime64("2020-01-01")


def _days(*days: int) -> Days:
    return FIRST + np.array(days)


def test_a_market_that_rises_steadily_is_followed_to_both_ends() -> None:
    """A line through the sales has no lag on the first and the last day."""
    days = np.repeat(np.arange(200), 3)

    index = MarketIndex.fit(FIRST + days, days / 1000)

    assert np.allclose(index.levels, 0.001 * np.arange(200), atol=1e-9)
    assert index.present == pytest.approx(0.001 * np.mean(range(185, 200)))


def test_a_market_that_turns_is_followed_within_weeks() -> None:
    """Half a year after a jump nothing of the old level is left."""
    days = np.repeat(np.arange(360), 3)

    index = MarketIndex.fit(FIRST + days, np.where(days < 180, 0.0, 0.2))

    assert index.levels[0] == pytest.approx(0, abs=1e-3)
    assert index.present == pytest.approx(0.2, abs=1e-3)
    assert index.levels[180] == pytest.approx(0.1, abs=0.02)


def test_prices_are_brought_from_their_day_to_the_present() -> None:
    """A sale of the first day moves by the whole rise, one of the last by little."""
    days = np.repeat(np.arange(200), 3)
    index = MarketIndex.fit(FIRST + days, days / 1000)

    moved = index.to_present(_days(0, 192, 199))

    assert moved == pytest.approx([0.192, 0, -0.007], abs=1e-9)


@pytest.mark.parametrize("residuals", [[0.3], [0.1, 0.5]])
def test_a_single_day_has_the_level_of_its_sales(residuals: list[float]) -> None:
    """Without earlier and later there is no slope."""
    index = MarketIndex.fit(_days(*[0] * len(residuals)), np.array(residuals))

    assert index.levels == pytest.approx([0.3])
    assert index.to_present(_days(0)) == pytest.approx([0])


@pytest.mark.parametrize("gap", [2, 30, 100, 300, 700, 1100, 2000])
def test_a_gap_before_a_lonely_last_sale_invents_no_level(gap: int) -> None:
    """Months or years without sales: what is flat stays flat where prices stand."""
    days = np.r_[np.repeat(np.arange(60), 2), 59 + gap]

    index = MarketIndex.fit(FIRST + days, np.full(len(days), 0.2))

    sold = index.levels[np.unique(days)]
    assert sold == pytest.approx(np.full(len(sold), 0.2), abs=1e-6)
    assert index.present == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("gap", [100, 300, 700])
def test_a_level_in_a_gap_lies_between_its_ends(gap: int) -> None:
    """Rounding of far sales makes no slope."""
    days = np.r_[np.repeat(np.arange(60), 2), 59 + gap]
    residuals = np.where(days < 60, 0.0, 0.3)

    index = MarketIndex.fit(FIRST + days, residuals)

    assert index.levels.min() > -0.01
    assert index.levels.max() < 0.31

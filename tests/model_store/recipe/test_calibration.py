"""A range holds what it promises, on each side."""

import math
from dataclasses import replace

import numpy as np
import pytest

from model_store.card import Interval
from model_store.dataset import Dataset
from model_store.recipe import pipelines
from model_store.recipe.calibration import (
    FSD_LEVEL,
    METHOD,
    SCORED_PERIODS,
    Forecast,
    calibrate,
    conformal_quantile,
    price,
    step_after,
)
from tests.model_store.markets import QUICK, market

#: Periods that are scored, and one before them.
PERIODS = SCORED_PERIODS + 1
#: Share of the sales outside a range that lie below it.
BELOW = 0.4
INTERVAL = Interval(
    level=0.9,
    method=METHOD,
    step=0.01,
    below=1.1,
    above=1.3,
    fsd=0.6,
    calibrated_on=(market().first_day, market().last_day),
    n=400,
)


def _forecast(count: int, random: np.random.Generator, bias: float = 0.0) -> Forecast:
    """Return sales whose log prices scatter by spreads of their own, lopsidedly.

    Errors are those of exponential distributions, three times as wide upwards for some
    houses as for others: one quantile for both sides, or for all houses, fails.
    """
    point = random.normal(13, 0.5, count)
    below, above = np.exp(random.normal(-2, 0.5, (2, count)))
    scatter = random.exponential(size=count)
    up = random.random(count) < 1 / 2
    paid = np.exp(point + bias + np.where(up, above * scatter, -below * scatter))
    sales = replace(market(count, only=("area",)), prices=paid)
    # The models tell the form of the spreads, not their size.
    return Forecast(sales, np.column_stack([point, np.log(below) + 1, np.log(above)]))


def _beyond(sales: Forecast, interval: Interval) -> tuple[float, float, float]:
    """Return the shares of sales below and above their ranges, and within their fsd."""
    paid = sales.sales.prices
    priced = [price(raw, interval) for raw in sales.raw.tolist()]
    middle, low, high, fsd = np.array(
        [(p.price, p.low, p.high, p.fsd) for p in priced]
    ).T
    within = np.abs(paid - middle) <= fsd * middle
    return float(np.mean(paid < low)), float(np.mean(paid > high)), within.mean()


@pytest.mark.parametrize(
    ("miss", "rank"), [(0.05, 95), (0.1, 90), (0.32, 68), (0.5, 50), (0.0, 99)]
)
def test_the_quantile_is_that_of_finite_samples(miss: float, rank: int) -> None:
    """Of 99 scores the 95th leaves at most 5 % of new sales beyond."""
    scores = np.random.default_rng(0).permutation(np.arange(1.0, 100.0))

    assert conformal_quantile(scores, miss) == rank


def test_few_scores_give_the_greatest() -> None:
    """With too few sales the range is as careful as the data allow."""
    assert conformal_quantile(np.array([3.0, 1.0, 2.0]), 0.05) == 3


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_a_range_misses_its_share_of_new_sales_on_each_side(level: float) -> None:
    """Over many draws, whatever houses' spreads are: two of five misses lie below."""
    random = np.random.default_rng(1)
    missed = []
    for _ in range(50):
        interval = calibrate([_forecast(300, random) for _ in range(PERIODS)], level)
        missed.append(_beyond(_forecast(400, random), interval))
    below, above, within = np.mean(missed, axis=0)

    # 20,000 new sales and 50 calibrations: a standard error of a third of a point.
    assert below == pytest.approx((1 - level) * BELOW, abs=0.012)
    assert above == pytest.approx((1 - level) * (1 - BELOW), abs=0.012)
    assert within == pytest.approx(FSD_LEVEL, abs=0.015)


@pytest.mark.parametrize("side", [1, 2])
def test_a_range_is_as_wide_as_the_house_is_uncertain(side: int) -> None:
    """Sure and unsure houses are both held in nine of ten cases, on either side."""
    random = np.random.default_rng(2)
    interval = calibrate([_forecast(4000, random) for _ in range(PERIODS)], 0.9)
    new = _forecast(16_000, random)
    unsure = new.raw[:, side] > np.median(new.raw[:, side])

    for chosen in (unsure, ~unsure):
        sales = replace(new.sales, prices=new.sales.prices[chosen])
        below, above, _ = _beyond(Forecast(sales, new.raw[chosen]), interval)
        assert below == pytest.approx(0.1 * BELOW, abs=0.012)
        assert above == pytest.approx(0.1 * (1 - BELOW), abs=0.012)


def test_prices_move_by_half_of_what_the_last_period_was_off() -> None:
    """A market that went on rising is followed, and half of it is taken for noise."""
    random = np.random.default_rng(3)
    past = [_forecast(4000, random, bias) for bias in (0.0, 0.0, 0.1)]

    interval = calibrate(past, 0.9)

    assert interval.step == step_after(past[-1]) == pytest.approx(0.05, abs=0.01)
    assert step_after(None) == 0


def test_scores_are_taken_from_prices_as_they_were_given() -> None:
    """A bias that stays is half taken away by the step, and half in the range."""
    random = np.random.default_rng(4)
    steady = calibrate([_forecast(4000, random) for _ in range(PERIODS)], 0.9)
    biased = calibrate([_forecast(4000, random, 0.2) for _ in range(PERIODS)], 0.9)

    below, above, _ = _beyond(_forecast(8000, random, 0.2), biased)

    assert below == pytest.approx(0.1 * BELOW, abs=0.012)
    assert above == pytest.approx(0.1 * (1 - BELOW), abs=0.012)
    assert biased.above > steady.above
    assert biased.below < steady.below


def test_only_the_last_periods_are_scored() -> None:
    """What was long ago widens no range; the one before them gives its step alone."""
    random = np.random.default_rng(5)
    recent = [_forecast(100, random) for _ in range(PERIODS)]
    odd = _forecast(100, random, bias=5.0)

    interval = calibrate(recent, 0.9)

    assert calibrate([odd, odd, *recent], 0.9) == interval
    assert interval.n == 100 * SCORED_PERIODS
    assert calibrate([odd, *recent[1:]], 0.9) != interval


def test_a_range_made_of_sales_that_the_model_saw_is_too_narrow() -> None:
    """An overfitted model is sure of what it saw; unseen sales tell how sure to be."""
    recipe = replace(QUICK, trees=30, leaf_sales=1, penalty=0.0)
    sales = market(800, only=("area",), noise=0.2)
    seen, rest = sales.split(sales.day_at(0.3))
    unseen, new = rest.split(rest.day_at(0.5))
    fitted = pipelines.fit(seen, recipe, seed=0)

    def forecast(of: Dataset) -> Forecast:
        return Forecast(of, pipelines.predict(fitted.pipelines, of.houses))

    honest = _beyond(forecast(new), calibrate([forecast(unseen)], 0.9))
    boastful = _beyond(forecast(new), calibrate([forecast(seen)], 0.9))

    assert honest[0] + honest[1] == pytest.approx(0.1, abs=0.05)
    assert boastful[0] + boastful[1] > 0.3


@pytest.mark.parametrize(
    "raw", [(12.0, -2.0, -1.0), (0.0, -9.0, -9.0), (13.2, 1.0, 0.0), (-1.0, 0.0, 0.0)]
)
def test_the_price_always_lies_in_its_range(raw: tuple[float, float, float]) -> None:
    """Whatever sign the reaches have, and however small the price."""
    for below, above in ((1.1, 1.3), (-0.5, 2.0), (2.0, -0.5)):
        priced = price(raw, replace(INTERVAL, below=below, above=above))

        assert priced.low <= priced.price <= priced.high
        assert priced.price == round(math.exp(raw[0] + 0.01))


def test_a_price_is_reckoned_as_the_card_says() -> None:
    """Step, reaches and fsd are in log price and in the house's own spreads."""
    priced = price((13.0, math.log(0.1), math.log(0.3)), INTERVAL)

    assert priced.price == round(math.exp(13.01))
    assert priced.low == round(math.exp(13.01 - 1.1 * 0.1))
    assert priced.high == round(math.exp(13.01 + 1.3 * 0.3))
    assert priced.fsd == pytest.approx(0.6 * 0.2)

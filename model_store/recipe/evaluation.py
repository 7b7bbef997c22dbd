"""How good prices and ranges are against what the houses sold for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_store.recipe import calibration
from model_store.recipe.rolling import Round

Floats = NDArray[np.float64]

#: The trade counts prices within 10 % and within 20 % of the price paid.
TEN_PERCENT = 0.1

#: Parts that sales are cut into.
FIFTHS, _TENTHS = 5, 10
#: Values of a category that are looked at one by one, and fewest sales of each.
_MOST_VALUES, _FEWEST = 10, 20
#: Times that sales are drawn anew, and the shares of them between which figures lie.
_DRAWS, _NINE_OF_TEN = 200, (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Prices of sales beside what was paid; every array of shape (n_sales,).

    Attributes:
        sold: Prices paid.
        price: Prices given before.
        low: Lower ends of the ranges.
        high: Upper ends of the ranges.
        fsd: Forecast standard deviations, as shares of the prices.
    """

    sold: Floats
    price: Floats
    low: Floats
    high: Floats
    fsd: Floats

    @property
    def off(self) -> Floats:
        """Price given less price paid, as shares of the price paid."""
        return (self.price - self.sold) / self.sold

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Whether the range held the price paid."""
        return (self.low <= self.sold) & (self.sold <= self.high)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Outcome":
        """Return the outcome of some of the sales, which may be drawn twice."""
        return Outcome(*(part[chosen] for part in _parts(self)))


def outcome(one: Round) -> Outcome:
    """Price the sales of a round as a service would have done.

    Args:
        one: A round with a calibration.
    """
    if one.interval is None:
        raise ValueError("expected a round that was calibrated; earlier ones are not")
    forecast = one.forecast
    prices = [calibration.price(raw, one.interval) for raw in forecast.raw.tolist()]
    rows = [(p.price, p.low, p.high, p.fsd) for p in prices]
    return Outcome(forecast.sales.prices, *np.array(rows, dtype=np.float64).T)


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcomes of several periods as one."""
    return Outcome(*map(np.concatenate, zip(*map(_parts, outcomes), strict=True)))


def by_period(rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """Return the first day and the figures of each round; see `measure`."""
    return [
        {"from": str(one.forecast.sales.first_day), **measure(outcome(one))}
        for one in rounds
    ]


def measure(outcome: Outcome) -> dict[str, float | int]:
    """Return the figures of the trade, rounded for print.

    Returns:
        `n`; `mdape`, `ppe10`, `ppe20`, `median_bias`, `coverage`, `mean_width`,
        `within_fsd` in percent (width of the price, bias of the price paid); `r2`.
    """
    off, sold, price = outcome.off, outcome.sold, outcome.price
    residual = float(np.sum((price - sold) ** 2))
    spread = float(np.sum((sold - sold.mean()) ** 2))
    within = np.abs(sold - price) <= outcome.fsd * price
    return {
        "n": len(sold),
        "mdape": _percent(np.median(np.abs(off))),
        "ppe10": _percent(np.mean(np.abs(off) <= TEN_PERCENT)),
        "ppe20": _percent(np.mean(np.abs(off) <= 2 * TEN_PERCENT)),
        "median_bias": _percent(np.median(off)),
        "r2": round(1 - residual / spread, 4) if spread else 0.0,
        "coverage": _percent(np.mean(outcome.inside)),
        "mean_width": _percent(np.mean((outcome.high - outcome.low) / price)),
        "within_fsd": _percent(np.mean(within)),
    }


def fifths(values: Floats) -> NDArray[np.intp]:
    """Return the fifth that each value is in, 0 the least, shape (n_values,)."""
    edges = np.quantile(values, np.arange(1, FIFTHS) / FIFTHS)
    return np.searchsorted(edges, values, side="right")


def middle(outcome: Outcome) -> Floats:
    """Return the geometric mean of the price given and the price paid of each house.

    By either alone, mere noise looks like a model that is biased at both ends (as with
    the coefficient of price-related bias, IAAO Standard on Ratio Studies 2013).
    """
    return np.sqrt(outcome.price * outcome.sold)


def quintiles(outcome: Outcome, by: Floats) -> list[dict[str, Any]]:
    """Return `from`, where it begins, and the figures of each fifth of the sales.

    Args:
        outcome: Of sales.
        by: What they are put in order by, shape (n_sales,).
    """
    group, starts = fifths(by), np.quantile(by, np.arange(FIFTHS) / FIFTHS)
    return [
        {"from": round(float(start)), **measure(outcome.where(group == at))}
        for at, start in enumerate(starts)
        if (group == at).any()
    ]


def by_category(outcome: Outcome, texts: NDArray[np.object_]) -> list[dict[str, Any]]:
    """Return `value` and the figures of the most frequent values of a category.

    Args:
        outcome: Of sales.
        texts: Their values, missing ones NaN, shape (n_sales,).
    """
    known = np.array([text for text in texts if isinstance(text, str)], dtype=object)
    values, counts = np.unique(known, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
    return [
        {"value": str(values[at]), **measure(outcome.where(texts == values[at]))}
        for at in order.tolist()
        if counts[at] >= _FEWEST
    ]


def fsd_groups(outcome: Outcome) -> list[dict[str, float]]:
    """Return what the forecast standard deviation said and was, in percent.

    Returns:
        `said`, the median one, and `was`, the error that `FSD_LEVEL` of the sales
        stayed below, for each tenth of the sales by what was said.
    """
    off = np.abs(outcome.sold - outcome.price) / outcome.price
    parts = np.array_split(np.argsort(outcome.fsd, kind="stable"), _TENTHS)
    return [
        {
            "said": _percent(np.median(outcome.fsd[part])),
            "was": _percent(np.quantile(off[part], calibration.FSD_LEVEL)),
        }
        for part in parts
        if len(part)
    ]


def uncertainty(outcome: Outcome, seed: int) -> dict[str, list[float]]:
    """Return between what each figure lies, nine times of ten, had other houses sold.

    The sales are drawn anew, with replacement (Efron 1979).

    Args:
        outcome: Of sales.
        seed: Seed of the drawing.
    """
    random, count = np.random.default_rng(seed), len(outcome.sold)
    drawn = [
        measure(outcome.where(random.integers(0, count, count))) for _ in range(_DRAWS)
    ]
    return {
        name: np.quantile([one[name] for one in drawn], _NINE_OF_TEN).round(2).tolist()
        for name in drawn[0]
        if name != "n"
    }


def _parts(outcome: Outcome) -> tuple[Floats, ...]:
    return (outcome.sold, outcome.price, outcome.low, outcome.high, outcome.fsd)


def _percent(share: np.floating) -> float:
    return round(100 * float(share), 2)

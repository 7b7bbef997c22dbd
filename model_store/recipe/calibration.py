"""From raw estimates to a price and an honest range, by months that no model had seen.

The range is split-conformal (Romano, Patterson, Candes 2019), with scores in units of
each house's own spread; each side has a spread and a quantile of its own. The forecast
standard deviation follows the trade: two of three sales lie within it of the price.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_store.card import Interval
from model_store.dataset import Dataset

Floats = NDArray[np.float64]

#: Name of the method, as it stands in every answer.
METHOD = "asymmetric split-conformal, scaled by a spread model for each side"

#: Share of sales within one forecast standard deviation: that of a normal distribution.
FSD_LEVEL = 0.68
#: Periods whose sales are scored: with fewer the range follows single months, more of
#: them are of a season that has passed.
SCORED_PERIODS = 3
#: Share of the sales outside the range that lie below it. In money the same step in log
#: price is wider upwards: the narrowest range leaves out more sales there.
_SHARE_BELOW = 0.4
#: Share of the last period's median residual by which prices are moved. A market that
#: moves leaves residuals behind; half of one is noise.
_STEP_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Forecast:
    """Sales of one period and what a model fitted to earlier ones only made of them.

    Attributes:
        sales: The sales.
        raw: Estimates in the order of `pipelines.ESTIMATES`, shape (n_sales, 3).
    """

    sales: Dataset
    raw: Floats

    @property
    def residuals(self) -> Floats:
        """Log price paid less the estimate, shape (n_sales,)."""
        return np.log(self.sales.prices) - self.raw[:, 0]


@dataclass(frozen=True, slots=True)
class Price:
    """What is answered for one house, in whole currency units; low <= price <= high."""

    price: int
    low: int
    high: int
    #: Forecast standard deviation, as a share of the price.
    fsd: float


def calibrate(forecasts: Sequence[Forecast], level: float) -> Interval:
    """Return what makes estimates honest for the period after the last forecast.

    Args:
        forecasts: Of consecutive periods, the latest last, each by a model of its own.
        level: Share of sales that the range is to hold.
    """
    scored = forecasts[-SCORED_PERIODS:]
    earlier = (None, *forecasts)[-SCORED_PERIODS - 1 : -1]
    pairs = list(zip(earlier, scored, strict=True))
    off = np.concatenate([now.residuals - step_after(past) for past, now in pairs])
    below, above = np.exp(np.concatenate([now.raw[:, 1:] for _, now in pairs])).T
    miss = 1 - level
    return Interval(
        level=level,
        method=METHOD,
        step=step_after(forecasts[-1]),
        below=conformal_quantile(-off / below, miss * _SHARE_BELOW),
        above=conformal_quantile(off / above, miss * (1 - _SHARE_BELOW)),
        fsd=conformal_quantile(
            np.abs(np.expm1(off)) / ((below + above) / 2), 1 - FSD_LEVEL
        ),
        calibrated_on=(scored[0].sales.first_day, scored[-1].sales.last_day),
        n=len(off),
    )


def step_after(forecast: Forecast | None) -> float:
    """Return by how much log prices after a forecast are moved, for the market."""
    if forecast is None:
        return 0.0
    return _STEP_SHARE * float(np.median(forecast.residuals))


def conformal_quantile(scores: Floats, miss: float) -> float:
    """Return the score that at most `miss` of new sales exceed.

    With too few scores it is the greatest one.

    Args:
        scores: One a calibration sale, shape (n_sales,).
        miss: Share allowed beyond, 0 to 1.
    """
    rank = math.ceil((len(scores) + 1) * (1 - miss))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])


def price(raw: Sequence[float], interval: Interval) -> Price:
    """Return price, range and forecast standard deviation of one house.

    Scalar on purpose: numpy's vector `exp` may differ in the last bit with the
    position in the array, and a house must cost the same alone and in a batch.

    Args:
        raw: The estimates, in the order of `pipelines.ESTIMATES`.
        interval: The model's calibration.
    """
    point = raw[0] + interval.step
    below, above = math.exp(raw[1]), math.exp(raw[2])
    middle = round(math.exp(point))
    return Price(
        middle,
        min(middle, round(math.exp(point - interval.below * below))),
        max(middle, round(math.exp(point + interval.above * above))),
        interval.fsd * ((below + above) / 2),
    )

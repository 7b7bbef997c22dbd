"""From three raw estimates to a price and an honest range (split-conformal)."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Name of the method, as it stands in every answer.
METHOD = "split-conformal quantile regression"


def correction(scores: Floats, miss: float) -> float:
    """Return what must be added so that at most `miss` of new sales lie beyond.

    The finite-sample quantile of split-conformal prediction (Romano, Patterson,
    Candes 2019), for one side alone: with too few scores it is the greatest one.

    Args:
        scores: How far each calibration sale lies beyond the raw bound, negative
            inside, shape (n_sales,).
        miss: Share allowed beyond this bound, 0 to 1.
    """
    rank = math.ceil((len(scores) + 1) * (1 - miss))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])


def corrections(
    low: Floats, high: Floats, sold: Floats, level: float
) -> tuple[float, float]:
    """Return the corrections below and above, each side on its own.

    Args:
        low: Raw lower quantile of log price, shape (n_sales,).
        high: Raw upper quantile of log price, shape (n_sales,).
        sold: Log of the price paid, shape (n_sales,).
        level: Share of sales that the range is to hold, 0 to 1.
    """
    miss = (1 - level) / 2
    return correction(low - sold, miss), correction(sold - high, miss)


def price_range(
    raw: Sequence[float], below: float, above: float
) -> tuple[int, int, int]:
    """Return price, low and high in whole currency units; low <= price <= high.

    Scalar on purpose: numpy's vector `exp` may differ in the last bit with the
    position in the array, and a house must cost the same alone and in a batch.

    Args:
        raw: Estimates of log price: point, low, high.
        below: Correction of the low estimate.
        above: Correction of the high estimate.
    """
    point, low, high = raw
    price = round(math.exp(point))
    return (
        price,
        min(price, round(math.exp(low - below))),
        max(price, round(math.exp(high + above))),
    )

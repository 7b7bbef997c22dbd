"""How good prices and ranges are against what the houses sold for."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The trade counts prices within 10 % and within 20 % of the price paid.
TEN_PERCENT = 0.1


def measure(priced: NDArray[np.int64], sold: Floats) -> dict[str, float | int]:
    """Return the figures of the trade, rounded for print.

    Args:
        priced: Price, low and high, shape (n_sales, 3).
        sold: Prices paid, shape (n_sales,).

    Returns:
        `n`; `mdape`, `ppe10`, `ppe20`, `median_bias`, `coverage`, `mean_width` in
        percent (width of the price, bias of the price paid); `r2`.
    """
    price, low, high = priced.T.astype(np.float64)
    off = (price - sold) / sold
    inside = (low <= sold) & (sold <= high)
    residual = float(np.sum((price - sold) ** 2))
    spread = float(np.sum((sold - sold.mean()) ** 2))
    return {
        "n": len(sold),
        "mdape": _percent(np.median(np.abs(off))),
        "ppe10": _percent(np.mean(np.abs(off) <= TEN_PERCENT)),
        "ppe20": _percent(np.mean(np.abs(off) <= 2 * TEN_PERCENT)),
        "median_bias": _percent(np.median(off)),
        "r2": round(1 - residual / spread, 4) if spread else 0.0,
        "coverage": _percent(np.mean(inside)),
        "mean_width": _percent(np.mean((high - low) / price)),
    }


def _percent(share: np.floating) -> float:
    return round(100 * float(share), 2)

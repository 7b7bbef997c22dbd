"""The market over time: how far the price of one and the same house has moved."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

#: Days of the kernel that smooths the index: a month is short enough to follow a market
#: that turns and long enough to hold enough sales.
_BANDWIDTH_DAYS = 30.0
#: Days at the end of the sales whose mean index is the present one.
_PRESENT_DAYS = 15
#: Spread of the days around one, as a share of their mean square, below which they are
#: one day to it: further on, rounding would make up a slope.
_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class MarketIndex:
    """Log price level by day, relative to the mean over all sales.

    Attributes:
        first: The first day.
        levels: One a day from `first` on, shape (n_days,).
    """

    first: np.datetime64
    levels: Floats

    @classmethod
    def fit(cls, dates: Days, residuals: Floats) -> Self:
        """Smooth residuals over time by a local line (Fan and Gijbels 1996).

        Args:
            dates: Sale dates, ascending, shape (n_sales,).
            residuals: Log price less what the house itself explains, same shape.
        """
        days = (dates - dates[0]).astype(int)
        sold = np.bincount(days).astype(np.float64)
        sums = np.bincount(days, residuals).astype(np.float64)
        at = np.arange(len(sold))
        levels = np.array([_local_line(at - day, sold, sums) for day in at])
        return cls(dates[0], levels)

    @property
    def present(self) -> float:
        """Level at the end of the sales: prices of today stand at it."""
        return float(self.levels[-_PRESENT_DAYS:].mean())

    def to_present(self, dates: Days) -> Floats:
        """Return what brings a log price of each date to the present."""
        levels: Floats = self.levels[(dates - self.first).astype(int)]
        return self.present - levels


def _local_line(away: NDArray[np.intp], sold: Floats, sums: Floats) -> float:
    """Return the value at 0 of the line through sums of sold sales, near ones first.

    Years away from all sales, where no price is ever brought to, it is 0.
    """
    kernel = np.exp(-0.5 * (away / _BANDWIDTH_DAYS) ** 2)
    weight, pull = kernel * sold, kernel * sums
    s0, s1, s2 = weight.sum(), (weight * away).sum(), (weight * away * away).sum()
    b0, b1 = pull.sum(), (pull * away).sum()
    spread = s0 * s2 - s1 * s1
    if spread > _LEAST_SPREAD * s0 * s2:
        return float((s2 * b0 - s1 * b1) / spread)
    # Sales of a single day have no slope.
    return float(b0 / s0) if s0 else 0.0

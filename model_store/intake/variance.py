"""How much of what prices differ by a column explains."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Groups of a column by rank.
_GROUPS = 50


def by_groups(codes: NDArray[np.intp], log_prices: Floats) -> float:
    """Return the share explained by the mean of each group, less what chance explains.

    Args:
        codes: Group of each sale, from 0 on, shape (n_sales,).
        log_prices: Same shape.
    """
    sizes = np.bincount(codes)
    groups, count = int((sizes > 0).sum()), len(codes)
    whole = float(np.var(log_prices))
    if count <= groups or whole == 0:
        return 0.0
    means = np.bincount(codes, log_prices) / np.maximum(sizes, 1)
    within = float(np.mean((log_prices - means[codes]) ** 2))
    return 1 - within / whole * (count - 1) / (count - groups)


def by_rank(values: Floats, log_prices: Floats) -> float:
    """Return the share explained by a straight line over the rank of values."""
    ranks = np.unique(values, return_inverse=True)[1]
    if np.ptp(ranks) == 0 or np.ptp(log_prices) == 0:
        return 0.0
    return float(np.corrcoef(ranks, log_prices)[0, 1] ** 2)


def by_rank_groups(values: Floats, log_prices: Floats) -> float:
    """Return the share explained by the mean of fiftieths of the sales by value."""
    edges = np.unique(np.quantile(values, np.arange(1, _GROUPS) / _GROUPS))
    return by_groups(np.searchsorted(edges, values, side="right"), log_prices)

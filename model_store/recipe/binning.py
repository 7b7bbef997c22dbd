"""How the values of many sales lie, in a few steps that later ones are counted in."""

import numpy as np
from numpy.typing import NDArray

from model_store.card import Bins

#: Values of which each has a bin of its own, at most: a grade, a number of rooms.
_MOST_VALUES = 16
#: Shares of the values at which bins begin where there are more.
_SHARES = tuple(i / 10 for i in range(1, 10))
#: Least share of the values in a bin: with rarer ones chance alone would look like a
#: change.
_LEAST = 0.005
#: Digits of a share that are kept.
_DIGITS = 6


def binned(values: NDArray[np.float64]) -> Bins | None:
    """Return how values lie; None where a second bin would hold next to nothing.

    Args:
        values: Known ones, shape (n_values,).
    """
    distinct = np.unique(values)
    if len(distinct) <= _MOST_VALUES:
        begins = distinct
    else:
        # Values of real sales: where many share one, no other bin cuts through them.
        begins = np.unique(np.quantile(values, _SHARES, method="higher"))
    edges = _parted(np.sort(values), begins[begins > distinct[0]])
    if not len(edges):
        return None
    shares = np.bincount(np.searchsorted(edges, values, side="right")) / len(values)
    return Bins(tuple(edges), tuple(shares.round(_DIGITS).tolist()))


def _parted(ordered: NDArray[np.float64], edges: NDArray[np.float64]) -> list[float]:
    """Return the edges that leave enough values on both of their sides."""
    least = _LEAST * len(ordered)
    kept: list[float] = []
    start = 0
    for edge in edges.tolist():
        at = int(np.searchsorted(ordered, edge, side="left"))
        if at - start >= least and len(ordered) - at >= least:
            kept.append(edge)
            start = at
    return kept

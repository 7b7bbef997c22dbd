"""How sure a difference between two models is that priced the same sales."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_store.recipe.evaluation import TEN_PERCENT

Floats = NDArray[np.float64]

#: Samples that are drawn, and of how many at a time.
_SAMPLES, _AT_A_TIME = 2000, 200
#: Share of the samples that the interval holds.
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval."""

    value: float
    low: float
    high: float


def median(values: Floats) -> Floats:
    """Return 100 times the median of each row: as MdAPE is told."""
    return np.asarray(100 * np.median(values, axis=-1))


def share(values: Floats) -> Floats:
    """Return the share of each row that is true, in percent: as coverage is told."""
    return np.asarray(100 * np.mean(values, axis=-1))


def within_ten(values: Floats) -> Floats:
    """Return the share of each row within 10 %, in percent: as PPE10 is told."""
    return np.asarray(100 * np.mean(values <= TEN_PERCENT, axis=-1))


def difference(
    candidate: Floats, champion: Floats, figure: Callable[[Floats], Floats]
) -> Estimate:
    """Return a figure of the candidate less the champion's, of the same sales.

    Args:
        candidate: Size of each error, as a share, shape (n_sales,).
        champion: Of the same sales.
        figure: What is compared, of each row of an array.
    """
    both = np.column_stack([candidate, champion])
    return _drawn(both, lambda rows: figure(rows[..., 0]) - figure(rows[..., 1]))


def estimate(values: Floats, figure: Callable[[Floats], Floats]) -> Estimate:
    """Return a figure of one model, with its interval."""
    return _drawn(values, figure)


def _drawn(sales: Floats, figure: Callable[[Floats], Floats]) -> Estimate:
    """Draw sales, with all that belongs to each, again and again (Efron 1979)."""
    draws = np.random.default_rng(0)
    drawn = []
    for _ in range(_SAMPLES // _AT_A_TIME):
        at = draws.integers(0, len(sales), (_AT_A_TIME, len(sales)))
        drawn.append(figure(sales[at]))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(np.concatenate(drawn), (tail, 1 - tail))
    return Estimate(*(round(float(one), 2) for one in (figure(sales), low, high)))

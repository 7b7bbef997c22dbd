"""How sure a figure is, and a difference between two models of the same sales."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Returns a figure of each row of an array.
Figure = Callable[[Floats], Floats]

#: Samples that are drawn, and of how many at a time: enough for a standard error.
_SAMPLES, _AT_A_TIME = 500, 100
#: Chance that an interval leaves the true figure out, half of it at each end: a rule
#: that looks at one end errs once in twenty times at the most.
ERROR = 0.1


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval."""

    value: float
    low: float
    high: float


def difference(
    candidate: Floats, champion: Floats, figure: Figure, *, error: float = ERROR
) -> Estimate:
    """Return a figure of the candidate less the champion's, of the same sales.

    The noise that both share, that of the sales, cancels out.

    Args:
        candidate: What the figure is of, of each sale, shape (n_sales,).
        champion: Of the same sales.
        figure: What is compared.
        error: Chance that the interval leaves the true difference out.
    """
    both = np.column_stack([candidate, champion])
    return _drawn(both, lambda rows: figure(rows[..., 0]) - figure(rows[..., 1]), error)


def estimate(values: Floats, figure: Figure) -> Estimate:
    """Return a figure of one model, with its interval."""
    return _drawn(values, figure, ERROR)


def _drawn(sales: Floats, figure: Figure, error: float) -> Estimate:
    """Draw sales, with all that belongs to each, again and again (Efron 1979).

    The interval follows from the standard error: where it has to be wide, for there
    are many of them, its ends lie further out than samples do.
    """
    draws = np.random.default_rng(0)
    drawn = []
    for _ in range(_SAMPLES // _AT_A_TIME):
        at = draws.integers(0, len(sales), (_AT_A_TIME, len(sales)))
        drawn.append(figure(sales[at]))
    value = float(figure(sales))
    reach = NormalDist().inv_cdf(1 - error / 2) * float(np.std(drawn))
    return Estimate(*(round(one, 2) for one in (value, value - reach, value + reach)))

"""What is measured of a model on sales, in percent; more of it is worse."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_store.recipe.evaluation import TEN_PERCENT, Outcome
from model_store.retraining.bootstrap import Figure

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure.

    Attributes:
        name: Of the rule about it.
        words: What it is.
        of: Returns what it is measured by, of each sale, shape (n_sales,).
        figure: Makes the figure of it.
        tolerance: Points by which a candidate may be proven worse than the champion.
        in_segment: The same in a segment; None where segments are not looked at by it.
    """

    name: str
    words: str
    of: Callable[[Outcome], Floats]
    figure: Figure
    tolerance: float
    in_segment: float | None = None


def median(values: Floats) -> Floats:
    """Return 100 times the median of each row."""
    return np.asarray(100 * np.median(values, axis=-1))


def mean(values: Floats) -> Floats:
    """Return 100 times the mean of each row."""
    return np.asarray(100 * np.mean(values, axis=-1))


def size(outcome: Outcome) -> Floats:
    """Return how far off each price is, as a share of the price paid."""
    return np.abs(outcome.off)


def width(outcome: Outcome) -> Floats:
    """Return the width of each range, as a share of the price."""
    return (outcome.high - outcome.low) / outcome.price


ERROR = Measure("error", "median error", size, median, 0.2, 1.0)
BIAS = Measure(
    "bias",
    "size of the median bias",
    lambda outcome: outcome.off,
    lambda values: np.abs(median(values)),
    0.5,
    2.0,
)
FAR_OFF = Measure(
    "ppe10",
    "share that is further off than 10 %",
    lambda outcome: (np.abs(outcome.off) > TEN_PERCENT).astype(np.float64),
    mean,
    0.5,
)


def shortfall(level: float) -> Measure:
    """Return what measures by how much ranges hold less than they are to hold.

    Args:
        level: Share of sales that a range is to hold, 0 to 1; to hold more is neither
            good nor bad.
    """
    return Measure(
        "coverage",
        f"points that ranges hold less than {level:.0%}",
        lambda outcome: outcome.inside.astype(np.float64),
        lambda values: np.maximum(100 * level - mean(values), 0.0),
        0.5,
        3.0,
    )

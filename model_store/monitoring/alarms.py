"""Alarms on realised sales, each with a stated rate of false ones.

Every figure is watched as a share of sales that must not be too great: prices more
than 3 % too low (or too high) must be no more than half, as must prices further off
than tolerated; sales outside the range no more than its level leaves out and 5 %. A
sale counts as good or bad, so one absurd price weighs no more than any other.

The evidence is an e-detector of the CUSUM form (Shin, Ramdas, Rinaldo 2023,
arXiv:2203.03532; Page 1954): a likelihood ratio of a worse share against the tolerated
one, begun anew wherever it falls below 1, and the mean over several worse shares.
While each sale is bad with the tolerated probability at most, whatever came before,
the chance of an alarm within n sales is at most n / `THRESHOLD`, and at least
`THRESHOLD` sales pass on average until there is one. Sales need not be alike, nor
independent otherwise. Of the four figures together it is four times that.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_store.recipe.evaluation import Outcome
from model_store.recipe.evaluation import measure as measured

#: Evidence that raises an alarm.
THRESHOLD = 100_000.0
#: Evidence at which an alarm ends: none is left.
_NONE = 1.0
#: By how much the odds of a bad sale may be greater than tolerated.
WORSE = (1.25, 1.5, 2.5, 6.0)

#: Median bias that is tolerated, as a share of the price paid.
BIAS = 0.03
#: How much greater than at the test of the model the median error may be.
ERROR_GROWTH = 1.25
#: By how much the range may hold fewer sales than its level says.
COVERAGE_LACK = 0.05


@dataclass(frozen=True, slots=True)
class Watch:
    """A figure as a share of bad sales.

    Attributes:
        measure: `bias`, `mdape` or `coverage`.
        tolerance: What is tolerated, in percent; a bias below or above has its sign.
        bad: Whether each sale is bad, shape (n_sales,), in the order of sale.
        most: Share of bad sales that is tolerated.
    """

    measure: str
    tolerance: float
    bad: NDArray[np.bool_]
    most: float


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which a figure was worse than tolerated.

    Attributes:
        began_about: Day of the sale since which the evidence grew.
        raised_on: Day of the sale that raised the alarm.
        ended_on: Day of the sale that ended it; None while it lasts.
    """

    began_about: dt.date
    raised_on: dt.date
    ended_on: dt.date | None = None


def watches(outcome: Outcome, *, level: float, expected_mdape: float) -> list[Watch]:
    """Return what is watched of a model version.

    Args:
        outcome: Its prices and the sales, in the order of sale.
        level: Share of sales that its ranges are meant to hold.
        expected_mdape: Median error at its test, in percent.
    """
    error = ERROR_GROWTH * expected_mdape / 100
    outside = 1 - level + COVERAGE_LACK
    return [
        Watch("bias", -100 * BIAS, outcome.off < -BIAS, 0.5),
        Watch("bias", 100 * BIAS, outcome.off > BIAS, 0.5),
        Watch("mdape", round(100 * error, 2), np.abs(outcome.off) > error, 0.5),
        Watch("coverage", round(100 * (1 - outside), 2), ~outcome.inside, outside),
    ]


def value(measure: str, outcome: Outcome) -> float:
    """Return what a measure is over some sales, in percent."""
    figures = measured(outcome)
    return float(figures[{"bias": "median_bias"}.get(measure, measure)])


def evidence(bad: Iterable[bool], most: float) -> Iterator[float]:
    """Yield after each sale how strongly the sales speak against the tolerated share.

    Args:
        bad: Whether each sale is bad, in the order of sale.
        most: Share of bad sales that is tolerated.
    """
    worse = [odds * most / (1 - most + odds * most) for odds in WORSE]
    good_sale = [(1 - share) / (1 - most) for share in worse]
    bad_sale = [share / most for share in worse]
    number = len(worse)
    cap = THRESHOLD * number
    ratios = [1.0] * number
    for is_bad in bad:
        factors = bad_sale if is_bad else good_sale
        ratios = [
            factor * max(ratio, 1.0)
            for factor, ratio in zip(factors, ratios, strict=True)
        ]
        total = sum(ratios)
        if total > cap:
            # What is beyond the threshold would only delay the end of an alarm.
            ratios = [min(ratio, cap) for ratio in ratios]
        yield total / number


def spells(days: Sequence[dt.date], watch: Watch) -> list[Spell]:
    """Return the times of alarm of a figure, the last one open if it lasts.

    Args:
        days: When each house was sold, ascending.
        watch: The figure.
    """
    found: list[Spell] = []
    began: dt.date | None = None
    lasts = False
    for day, strength in zip(
        days, evidence(watch.bad.tolist(), watch.most), strict=True
    ):
        began = None if strength <= _NONE else began or day
        if lasts and began is None:
            last = found[-1]
            found[-1], lasts = Spell(last.began_about, last.raised_on, day), False
        elif not lasts and began and strength >= THRESHOLD:
            found.append(Spell(began, day))
            lasts = True
    return found

"""The rules by which a candidate may price, each with its bound.

Each is broken only by what is proven: noise alone refuses hardly any candidate, however
few sales a test has. Whether they are enough to prove what matters is asked before.
"""

from collections.abc import Iterator

import numpy as np

from model_store.dataset import Dataset
from model_store.recipe.evaluation import Outcome
from model_store.retraining import bootstrap, measures, segments
from model_store.retraining.measures import BIAS, ERROR, FAR_OFF, Measure
from model_store.retraining.rules import Rule
from model_store.retraining.trial import Trial

#: Width of the ranges, as a multiple of the champion's.
_WIDER = 1.3
#: Share of the champion's error below which a candidate must have known the prices.
_TOO_GOOD = 0.4
#: MdAPE, median bias and points below the level of its ranges, in percent, beyond which
#: a first model may not be proven to be.
_FIRST_ERROR, _FIRST_BIAS, _FIRST_SHORTFALL = 25.0, 3.0, 5.0


def rules(trial: Trial, test: Dataset, level: float) -> Iterator[Rule]:
    """Yield the rules of a trial.

    Args:
        trial: What both made of the test.
        test: The sales.
        level: Share of sales that a range is to hold, 0 to 1.
    """
    ours, its, shortfall = trial.candidate, trial.champion, measures.shortfall(level)
    if its is None:
        yield _limited(ERROR, ours, _FIRST_ERROR)
        yield _limited(BIAS, ours, _FIRST_BIAS)
        yield _limited(shortfall, ours, _FIRST_SHORTFALL)
        return
    for measure in (ERROR, FAR_OFF, BIAS, shortfall):
        yield _compared(measure, ours, its)
    yield segments.rule((ERROR, BIAS, shortfall), ours, its, test)
    yield _width(ours, its)
    yield _too_good(ours, its)


def _limited(measure: Measure, ours: Outcome, most: float) -> Rule:
    """Return the rule of a model that there is none to compare with."""
    found = bootstrap.estimate(measure.of(ours), measure.figure)
    bound = f"not proven to be more than {most:g} %"
    said = (
        f"{measure.words} {found.value:g} %, {1 - bootstrap.ERROR:.0%} interval "
        f"{found.low:g} to {found.high:g}, no champion to compare with; {bound}"
    )
    return Rule(measure.name, found.low <= most, found.value, bound, said)


def _compared(measure: Measure, ours: Outcome, its: Outcome) -> Rule:
    found = bootstrap.difference(measure.of(ours), measure.of(its), measure.figure)
    bound = f"not proven to be more than {measure.tolerance:g} points worse"
    said = (
        f"{measure.words}: {found.value:+.2f} points against the champion's, "
        f"{1 - bootstrap.ERROR:.0%} interval {found.low:+.2f} to {found.high:+.2f}; "
        f"{bound}"
    )
    return Rule(measure.name, found.low <= measure.tolerance, found.value, bound, said)


def _width(ours: Outcome, its: Outcome) -> Rule:
    wide, most = measures.width(ours), _WIDER * measures.width(its)
    beyond = bootstrap.difference(wide, most, measures.mean)
    bound = f"not proven to be more than {_WIDER:g} times as wide"
    figure = round(float(np.mean(wide) / np.mean(measures.width(its))), 2)
    said = f"ranges are {figure:g} times as wide as the champion's; {bound}"
    return Rule("width", beyond.low <= 0, figure, bound, said)


def _too_good(ours: Outcome, its: Outcome) -> Rule:
    least = _TOO_GOOD * measures.size(its)
    below = bootstrap.difference(measures.size(ours), least, measures.median)
    bound = f"not proven to be below {_TOO_GOOD:g} of the champion's"
    error = round(float(measures.median(measures.size(ours))), 2)
    said = (
        f"median error {error:g} %: {bound}, for such a model must have known prices "
        "that it should not"
    )
    return Rule("too_good", below.high >= 0, error, bound, said)

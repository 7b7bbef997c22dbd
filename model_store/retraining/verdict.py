"""The rules by which a candidate may price, each with its bound."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from model_store.dataset import Dataset
from model_store.recipe import evaluation
from model_store.recipe.evaluation import FIFTHS, Outcome, fifths
from model_store.retraining import bootstrap
from model_store.retraining.bootstrap import Estimate
from model_store.retraining.rules import Rule
from model_store.retraining.trial import Trial

Floats = NDArray[np.float64]

#: Points of MdAPE by which a candidate may look worse, as it does by chance, unless it
#: is proven worse; and of PPE10.
_WORSE, _WORSE_PPE10 = 0.5, 2.5
#: Median bias, in percent, that is too much if it is proven, unless the champion's is
#: greater.
_BIAS = 3.0
#: Points below its level that ranges hold too little if it is proven, unless the
#: champion's hold less.
_UNDER = 5.0
#: Width of the ranges, as a multiple of the champion's.
_WIDER = 1.3
#: Share of the champion's error below which a candidate must have known the prices.
_TOO_GOOD = 0.4
#: MdAPE of a first model, in percent.
_FIRST_ERROR = 25.0
#: Sales of a segment that is looked at, how many by category, and points of MdAPE by
#: which no segment may be proven worse.
_SEGMENT, _CATEGORIES, _SEGMENT_WORSE = 40, 10, 1.5


def rules(trial: Trial, test: Dataset, level: float) -> Iterator[Rule]:
    """Yield the rules of a trial.

    Args:
        trial: What both made of the test.
        test: The sales.
        level: Share of sales that a range is to hold, 0 to 1.
    """
    ours = evaluation.measure(trial.candidate)
    its = evaluation.measure(trial.champion) if trial.champion else None
    if trial.champion is None or its is None:
        yield _first(ours["mdape"])
    else:
        yield _error(_against(trial.candidate, trial.champion, bootstrap.median))
        yield _close(_against(trial.candidate, trial.champion, bootstrap.within_ten))
        yield _too_good(ours["mdape"], its["mdape"])
        yield _width(ours["mean_width"], its["mean_width"])
        yield _segments(trial.candidate, trial.champion, test)
    bias = bootstrap.estimate(trial.candidate.off, bootstrap.median)
    yield _bias(bias, its["median_bias"] if its else 0.0)
    held = bootstrap.estimate(
        trial.candidate.inside.astype(np.float64), bootstrap.share
    )
    yield _coverage(held, its["coverage"] if its else 100.0, 100 * level)


def _against(
    candidate: Outcome, champion: Outcome, figure: Callable[[Floats], Floats]
) -> Estimate:
    return bootstrap.difference(np.abs(candidate.off), np.abs(champion.off), figure)


def _first(error: float) -> Rule:
    bound = f"at most {_FIRST_ERROR:g} %"
    said = f"median error {error} % with no champion to compare with; {bound} may be"
    return Rule("first", error <= _FIRST_ERROR, error, bound, said)


def _error(found: Estimate) -> Rule:
    bound = f"at most {_WORSE:+g} points, and not proven to be worse"
    said = f"median error {_told(found)}; {bound}"
    held = found.value <= _WORSE and found.low <= 0
    return Rule("error", held, found.value, bound, said)


def _close(found: Estimate) -> Rule:
    bound = f"at least {-_WORSE_PPE10:+g} points, and not proven to be fewer"
    said = f"within 10 % of the price paid {_told(found)}; {bound}"
    held = found.value >= -_WORSE_PPE10 and found.high >= 0
    return Rule("ppe10", held, found.value, bound, said)


def _told(found: Estimate) -> str:
    return (
        f"{found.value:+.2f} points against the champion's, "
        f"{bootstrap.LEVEL:.0%} interval {found.low:+.2f} to {found.high:+.2f}"
    )


def _too_good(ours: float, its: float) -> Rule:
    least = round(_TOO_GOOD * its, 2)
    said = (
        f"median error {ours} %, the champion's {its} %: below {least} % a model must "
        "have known prices that it should not"
    )
    return Rule("too_good", ours >= least, ours, f"at least {least} %", said)


def _width(ours: float, its: float) -> Rule:
    most = round(_WIDER * its, 2)
    said = f"ranges are {ours} % of the price wide, at most {most} % is expected"
    return Rule("width", ours <= most, ours, f"at most {most} %", said)


def _bias(found: Estimate, its: float) -> Rule:
    most = max(_BIAS, abs(its))
    bound = f"not proven to be beyond {most:g} %"
    said = f"median bias {_interval(found)} %: {bound}"
    held = found.low <= most and found.high >= -most
    return Rule("bias", held, found.value, bound, said)


def _coverage(found: Estimate, its: float, level: float) -> Rule:
    least = min(level - _UNDER, its)
    bound = f"not proven to be below {least:g} %"
    said = f"ranges of {level:g} % held {_interval(found)} % of the prices: {bound}"
    return Rule("coverage", found.high >= least, found.value, bound, said)


def _interval(found: Estimate) -> str:
    return f"{found.value:+.2f} ({found.low:+.2f} to {found.high:+.2f})"


def _segments(candidate: Outcome, champion: Outcome, test: Dataset) -> Rule:
    found = {
        name: _against(
            candidate.where(chosen), champion.where(chosen), bootstrap.median
        )
        for name, chosen in _chosen(test)
    }
    worse = {name: one for name, one in found.items() if one.low > _SEGMENT_WORSE}
    bound = f"none more than {_SEGMENT_WORSE:g} points worse for sure"
    told = ", ".join(f"{name} {one.value:+.2f} points" for name, one in worse.items())
    said = f"of {len(found)} segments {told or 'none'} proven worse: {bound}"
    return Rule("segments", not worse, len(worse), bound, said)


def _chosen(test: Dataset) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the segments of a test that have enough sales, by price and category."""
    fifth = fifths(test.prices)
    parts = [(f"price fifth {at + 1}", fifth == at) for at in range(FIFTHS)]
    for feature in test.schema.features:
        if feature.kind == "category":
            column = test.houses[feature.name]
            frequent = column.value_counts().index[:_CATEGORIES]
            parts += [
                (f"{feature.name} {one}", (column == one).to_numpy(np.bool_))
                for one in frequent
            ]
    yield from ((name, part) for name, part in parts if part.sum() >= _SEGMENT)

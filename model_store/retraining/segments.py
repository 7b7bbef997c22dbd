"""Whether a candidate is worse in some part of the market, though not as a whole."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model_store.dataset import Dataset
from model_store.recipe import evaluation
from model_store.recipe.evaluation import FIFTHS, Outcome
from model_store.retraining import bootstrap
from model_store.retraining.bootstrap import Estimate
from model_store.retraining.measures import Measure
from model_store.retraining.rules import Rule

#: Fewest sales of a segment that is looked at.
FEWEST = 40


def rule(
    looked_at: Sequence[Measure], ours: Outcome, its: Outcome, test: Dataset
) -> Rule:
    """Return the rule that no segment may be proven worse.

    The more segments and measures, the more of them look worse by chance: together
    they have the chance of error that one rule has (Bonferroni).

    Args:
        looked_at: What is measured in each segment.
        ours: What the candidate made of the test.
        its: What the champion made of it.
        test: The sales.
    """
    chosen = list(_segments(ours, its, test))
    error = bootstrap.ERROR / max(len(chosen) * len(looked_at), 1)
    worse = [
        f"{name}, {measure.words} {found.value:+.2f} points"
        for name, part in chosen
        for measure in looked_at
        if (found := _found(measure, ours.where(part), its.where(part), error)).low
        > (measure.in_segment or 0.0)
    ]
    bound = "none proven worse by more than " + ", ".join(
        f"{measure.in_segment:g} points ({measure.name})" for measure in looked_at
    )
    told = "; ".join(worse) or "none is"
    said = f"of {len(chosen)} segments {bound}: {told}"
    return Rule("segments", not worse, len(worse), bound, said)


def _found(measure: Measure, ours: Outcome, its: Outcome, error: float) -> Estimate:
    return bootstrap.difference(
        measure.of(ours), measure.of(its), measure.figure, error=error
    )


def _segments(
    ours: Outcome, its: Outcome, test: Dataset
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the parts of a test that have enough sales, by price and by category."""
    # By the price paid alone noise would look like a bias at both ends; and neither
    # model is to say alone which houses are dear.
    price = np.sqrt(evaluation.middle(ours) * evaluation.middle(its))
    fifth = evaluation.fifths(price)
    parts = [(f"price fifth {at + 1}", fifth == at) for at in range(FIFTHS)]
    for feature in test.schema.features:
        if feature.kind == "category":
            column = test.houses[feature.name]
            parts += [
                (f"{feature.name} {one}", (column == one).to_numpy(np.bool_))
                for one in sorted(column.dropna().unique())
            ]
    yield from ((name, part) for name, part in parts if part.sum() >= FEWEST)

"""What candidate and champion make of the same later sales."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from model_store.card import ModelCard
from model_store.dataset import Dataset
from model_store.recipe import evaluation, rolling
from model_store.recipe.evaluation import Outcome
from model_store.recipe.pipelines import Recipe
from model_store.retraining.fits import Fits
from model_store.retraining.split import Split
from model_store.serving.predictor import Predictor


@dataclass(frozen=True, slots=True)
class Trial:
    """Two models on the same rows; the champion may be none."""

    candidate: Outcome
    champion: Outcome | None

    def figures(self) -> dict[str, Any]:
        """Return the figures of the trade of both."""
        return {
            "candidate": evaluation.measure(self.candidate),
            "champion": self.champion and evaluation.measure(self.champion),
        }


def forecast(split: Split, recipe: Recipe, seed: int, fits: Fits) -> Outcome:
    """Price the test by a model of the sales before it, calibrated before it as well.

    Raises:
        DatasetError: There are too few sales to train, calibrate and test.
    """
    plan = rolling.plan(split.sales)
    starts = (*plan.starts[: -plan.tested], split.day)
    with threadpool_limits(limits=1):
        rounds = rolling.roll(
            split.sales,
            starts,
            lambda sales: fits(sales, recipe, seed),
            recipe.level,
        )
        return evaluation.outcome(list(rounds)[-1])


def served(test: Dataset, champion: Predictor) -> Outcome:
    """Price sales by a version as it is served."""
    names = champion.card.schema.names
    houses = [_known(test.house(row), names) for row in range(len(test))]
    rows = [
        (one["price"], one["interval"]["low"], one["interval"]["high"], one["fsd"])
        for one in champion.predict(houses)
    ]
    return Outcome(test.prices, *np.array(rows, dtype=np.float64).T)


def recipe_of(card: ModelCard) -> tuple[Recipe, int] | None:
    """Return the recipe and the seed of a version; None: this code knows them not."""
    try:
        return Recipe(**card.training["recipe"]), int(card.training["seed"])
    except (KeyError, TypeError, ValueError):
        return None


def _known(house: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: house[name] for name in names if name in house}

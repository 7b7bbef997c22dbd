"""Why a house costs what it costs: exact contributions of what its price is made from.

Shapley values of the boosting (Lundberg et al. 2020, TreeSHAP), added up by what they
mean to a customer. They are exact: together with the base they give the price, and an
answer in which they do not is never given.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from model_store.card import ModelCard
from model_store.errors import ExplanationUnavailable, InexactReasons
from model_store.recipe import pipelines
from model_store.recipe.columns import Columns
from model_store.recipe.comparables import FEATURES

Floats = NDArray[np.float64]

#: How far the contributions may miss the estimate of log price.
TOLERANCE = 1e-6

#: What a feature of the neighbours is told as.
_TOLD = dict.fromkeys(FEATURES, "comparable_sales") | {
    "hedonic_estimate": "whole_house"
}
#: Digits of an effect: enough for a price of a billion.
_DIGITS = 9


class Reasons:
    """Explains the prices of one model version.

    Args:
        card: Its card.
        models: Its pipelines.

    Raises:
        ExplanationUnavailable: The extra `explain` is not installed.
    """

    def __init__(self, card: ModelCard, models: Sequence[Pipeline]) -> None:
        try:
            # 200 MB that only those load who explain.
            import shap  # noqa: PLC0415
        except ImportError as error:
            raise ExplanationUnavailable(
                "Reasons need the extra `explain`: pip install 'kerbside[explain]'."
            ) from error
        columns = Columns.of(card.schema)
        told = [
            *columns.categories,
            *columns.numbers,
            *(_TOLD[one] for one in FEATURES),
        ]
        self._names = tuple(dict.fromkeys(told))
        self._groups = np.array([self._names.index(name) for name in told])
        self._card = card
        self._model = models[0]
        self._explainer = shap.TreeExplainer(models[0]["trees"])
        self.expected = float(np.ravel(self._explainer.expected_value)[0])

    def explain(self, houses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return base and reasons of each house.

        Args:
            houses: Values by feature.

        Returns:
            For each house `base`, the price before anything is known of it, and
            `reasons`, `{"feature", "effect"}`, strongest first: the price is the base
            times 1 + effect of each.

        Raises:
            InexactReasons: The contributions do not add up to the price of a house.
        """
        frame = pipelines.frame(self._card.schema, houses)
        columns = self._model["columns"].transform(frame)
        rows = self._model["comparables"].transform(columns)
        parts = np.asarray(self._explainer.shap_values(rows), dtype=np.float64)
        missed = parts.sum(axis=1) + self.expected - self._model["trees"].predict(rows)
        if np.abs(missed).max() >= TOLERANCE:
            raise InexactReasons("the contributions do not add up to the price")
        sums = np.zeros((len(rows), len(self._names)))
        np.add.at(sums.T, self._groups, parts.T)
        base = round(float(np.exp(self.expected + self._card.interval.step)))
        return [{"base": base, "reasons": self._told(row)} for row in sums]

    def _told(self, contributions: Floats) -> list[dict[str, Any]]:
        order = np.argsort(-np.abs(contributions), kind="stable")
        effects = np.expm1(contributions[order])
        return [
            {"feature": self._names[at], "effect": round(effect, _DIGITS)}
            for at, effect in zip(order.tolist(), effects.tolist(), strict=True)
        ]

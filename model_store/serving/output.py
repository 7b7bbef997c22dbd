"""What is answered for a house: the price, and all that tells how far to trust it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from model_store.card import ModelCard
from model_store.recipe.calibration import price
from model_store.recipe.comparables import Neighbours
from model_store.serving.confidence import confidence
from model_store.serving.evidence import Evidence
from model_store.serving.flags import Flagging, categories

Floats = NDArray[np.float64]
House = Mapping[str, Any]


class Outputs:
    """Makes the outputs of one model version.

    Args:
        card: Its card.
        models: Its pipelines.
    """

    def __init__(self, card: ModelCard, models: Sequence[Pipeline]) -> None:
        form = card.to_dict()
        names = ("name", "version", "digest", "trained_at")
        self._card = card
        self._as_of = form["as_of"]
        self._model = {name: form[name] for name in names}
        self._evidence = Evidence(models[0]["comparables"])
        self._flagging = Flagging(
            card.profile, card.schema, categories(models[0], card.schema)
        )

    def of(
        self, houses: Sequence[House], raw: Floats, neighbours: Neighbours
    ) -> list[dict[str, Any]]:
        """Return the output of each house, a dict of its own.

        Args:
            houses: Values by feature.
            raw: Their estimates, shape (n_houses, 3).
            neighbours: Of the same houses.
        """
        rows = zip(
            houses,
            raw.tolist(),
            neighbours.unlikeness.tolist(),
            neighbours.remoteness.tolist(),
            strict=True,
        )
        return [
            self._output(
                estimates,
                self._flagging.flags(house, unlikeness, remoteness),
                self._evidence.comparables(neighbours, at),
            )
            for at, (house, estimates, unlikeness, remoteness) in enumerate(rows)
        ]

    def _output(
        self,
        estimates: Sequence[float],
        flags: list[dict[str, Any]],
        comparables: list[dict[str, Any]],
    ) -> dict[str, Any]:
        interval = self._card.interval
        priced = price(estimates, interval)
        fsd = round(priced.fsd, 4)
        return {
            "price": priced.price,
            "currency": self._card.currency,
            "interval": {
                "low": priced.low,
                "high": priced.high,
                "level": interval.level,
                "method": interval.method,
            },
            "fsd": fsd,
            "confidence": confidence(fsd, in_distribution=not flags),
            "as_of": self._as_of,
            "in_distribution": not flags,
            "flags": flags,
            "comparables": comparables,
            "model": self._model.copy(),
        }

"""The tutorial's model: three pipelines, called on a data frame of one row."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from model_store import artifact
from model_store.calibration import price_range


class Model:
    """The pipelines of a model version, used as scikit-learn's documentation shows.

    Args:
        files: The version's, as the model store has checked them.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        loaded = artifact.load(files)
        self._pipelines = loaded.pipelines
        self._card = loaded.card
        form = loaded.card.to_dict()
        names = ("name", "version", "digest", "trained_at")
        self._model = {name: form[name] for name in names}

    def raw(self, house: Mapping[str, Any]) -> list[float]:
        """Return the three estimates of log price."""
        frame = pd.DataFrame([house])
        return [float(pipeline.predict(frame)[0]) for pipeline in self._pipelines]

    def predict(self, house: Mapping[str, Any]) -> dict[str, Any]:
        """Return the same fields as Kerbside's output."""
        card, interval = self._card, self._card.interval
        price, low, high = price_range(self.raw(house), interval.below, interval.above)
        return {
            "price": price,
            "currency": card.currency,
            "interval": {
                "low": low,
                "high": high,
                "level": interval.level,
                "method": interval.method,
            },
            "as_of": card.as_of.isoformat(),
            "model": self._model,
        }

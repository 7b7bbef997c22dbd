"""The tutorial's model: two pipelines, called on a data frame of one row."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from model_store import artifact
from model_store.output import Outputs


class Model:
    """The pipelines of a model version, used as scikit-learn's documentation shows.

    Args:
        files: The version's, as the model store has checked them.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        loaded = artifact.load(files)
        self._point, self._spread = loaded.pipelines
        self._outputs = Outputs(loaded.card, loaded.pipelines)

    def predict(self, house: Mapping[str, Any]) -> dict[str, Any]:
        """Return the same fields as Kerbside's output."""
        frame = pd.DataFrame([house])
        point, spread = self._point.predict(frame), self._spread.predict(frame)
        columns = self._point["columns"].transform(frame)
        neighbours = self._point["comparables"].look(columns)[1]
        raw = np.column_stack([point, spread])
        return self._outputs.of([house], raw, neighbours)[0]

"""The tutorial's model: three pipelines, called on a data frame of one row."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from model_store import artifact
from model_store.serving.output import Outputs


class Model:
    """The pipelines of a model version, used as scikit-learn's documentation shows.

    Args:
        files: The version's, as the model store has checked them.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        loaded = artifact.load(files)
        self._pipelines = loaded.pipelines
        self._outputs = Outputs(loaded.card, loaded.pipelines)

    def predict(self, house: Mapping[str, Any]) -> dict[str, Any]:
        """Return the same fields as Kerbside's output."""
        frame = pd.DataFrame([house])
        raw = np.column_stack([one.predict(frame) for one in self._pipelines])
        point = self._pipelines[0]
        columns = point["columns"].transform(frame)
        neighbours = point["comparables"].look(columns)[1]
        return self._outputs.of([house], raw, neighbours)[0]

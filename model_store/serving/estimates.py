"""A model's estimates for houses, two ways that agree to the last bit.

`Piped` runs the scikit-learn pipelines on a data frame: the reference. `Direct` looks
categories up in dictionaries, asks the same `ComparableSales`, and scores all trees of
both models at once: for a single house a hundred times and more cheaper.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from model_store.recipe import pipelines
from model_store.recipe.columns import Columns
from model_store.recipe.comparables import ComparableSales, Neighbours
from model_store.schema import Schema
from model_store.serving.forest import Forest, NotFusable

Floats = NDArray[np.float64]
House = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What a model makes of houses.

    Attributes:
        raw: Their estimates, shape (n_houses, n_models).
        neighbours: The sales that are most like each.
        rows: The houses as the pipelines see them: codes of the categories, their
            levels, then the numbers; shape (n_houses, n_columns).
    """

    raw: Floats
    neighbours: Neighbours
    rows: Floats


class Direct:
    """The estimates without pandas."""

    def __init__(self, models: Sequence[Pipeline], schema: Schema) -> None:
        """Take over what the pipelines learnt.

        Raises:
            NotFusable: The pipelines are not of the form that training gives them.
        """
        first = models[0]
        if any(model[step] is not first[step] for model in models for step in (0, 1)):
            raise NotFusable("the models see different columns")
        columns = Columns.of(schema)
        self._comparables: ComparableSales = first["comparables"]
        self._forest = Forest([model["trees"] for model in models])
        self._codes = _codes(first["columns"], columns)
        self._levels = _levels(first["columns"], columns)
        self._numbers = columns.numbers

    def raw(self, houses: Sequence[House]) -> Floats:
        """Return the estimates, shape (n_houses, n_models)."""
        return self.look(houses).raw

    def look(self, houses: Sequence[House]) -> Look:
        """Return the estimates and what is behind them."""
        rows = np.array([self._row(house) for house in houses], dtype=np.float64)
        columns, neighbours = self._comparables.look(rows)
        return Look(self._forest.predict(columns), neighbours, rows)

    def _row(self, house: House) -> list[float | None]:
        """Return one row in the pipelines' column order; numpy makes None NaN."""
        get = house.get
        row: list[float | None] = [
            known.get(get(name), unknown) for name, known, unknown in self._codes
        ]
        row += [known.get(get(name), -1.0) for name, known in self._levels]
        row += [get(name) for name in self._numbers]
        return row


class Piped:
    """The estimates by the pipelines themselves: the reference, and the fall-back."""

    def __init__(self, models: Sequence[Pipeline], schema: Schema) -> None:
        """Keep the pipelines."""
        self._models = models
        self._schema = schema

    def raw(self, houses: Sequence[House]) -> Floats:
        """Return the estimates, shape (n_houses, n_models)."""
        return pipelines.predict(self._models, pipelines.frame(self._schema, houses))

    def look(self, houses: Sequence[House]) -> Look:
        """Return the estimates and what is behind them."""
        first = self._models[0]
        rows = first["columns"].transform(pipelines.frame(self._schema, houses))
        return Look(self.raw(houses), first["comparables"].look(rows)[1], rows)


def _codes(
    step: Any, columns: Columns
) -> list[tuple[str, dict[str | None, float], float]]:
    """Return name, code by category, and code of an unknown one, for each category."""
    if not columns.categories:
        return []
    encoder = step.named_transformers_["codes"]
    unknown = float(encoder.target_mean_)
    return [
        (name, _by_category(categories, codes.tolist()), unknown)
        for name, categories, codes in zip(
            columns.categories, encoder.categories_, encoder.encodings_, strict=True
        )
    ]


def _levels(step: Any, columns: Columns) -> list[tuple[str, dict[str | None, float]]]:
    """Return name and level by category, for each category; a missing one has none."""
    if not columns.categories:
        return []
    encoder = step.named_transformers_["levels"]
    found = []
    for name, categories in zip(columns.categories, encoder.categories_, strict=True):
        levels = _by_category(categories, [float(i) for i in range(len(categories))])
        levels.pop(None, None)
        found.append((name, levels))
    return found


def _by_category(
    categories: NDArray[Any], values: Sequence[float]
) -> dict[str | None, float]:
    """Return the value of each category; that of a missing one under None."""
    keys = (None if key is None or key != key else key for key in categories)  # noqa: PLR0124 - NaN
    return dict(zip(keys, values, strict=True))

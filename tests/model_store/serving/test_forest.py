"""The forest sums as scikit-learn does, to the last bit."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from model_store.serving.forest import Forest, NotFusable


def _rows(count: int, seed: int = 0) -> NDArray[np.float64]:
    rows = np.random.default_rng(seed).normal(size=(count, 4))
    rows[np.random.default_rng(seed + 1).random(rows.shape) < 0.1] = np.nan
    return rows


@pytest.fixture(scope="module")
def models() -> list[Any]:
    """Return models of unlike size over the same columns, one without a split."""
    rows = _rows(400)
    target = np.nan_to_num(rows).sum(axis=1)
    settings: list[dict[str, Any]] = [
        {"max_iter": 1},
        {"max_iter": 37, "loss": "absolute_error"},
        {"max_iter": 8, "min_samples_leaf": 400},
    ]
    return [
        HistGradientBoostingRegressor(random_state=0, **setting).fit(rows, target)
        for setting in settings
    ]


@pytest.mark.parametrize("count", [1, 2, 7, 16, 17, 500])
def test_every_number_of_rows_gives_the_same_bits(
    models: list[Any], count: int
) -> None:
    """Alone, in part of a chunk and in many chunks: as the models say."""
    rows = _rows(count, seed=7)

    expected = np.column_stack([model.predict(rows) for model in models])

    assert np.array_equal(Forest(models).predict(rows), expected)


def test_models_of_another_kind_are_not_fused() -> None:
    """Native categories, classes, other columns, large trees: scikit-learn prices."""
    rows = np.abs(np.nan_to_num(_rows(100))).round()
    target = rows.sum(axis=1)
    plain = HistGradientBoostingRegressor(max_iter=2).fit(rows, target)
    narrow = HistGradientBoostingRegressor(max_iter=2).fit(rows[:, :3], target)
    categories = HistGradientBoostingRegressor(max_iter=2, categorical_features=[0])
    counts = HistGradientBoostingRegressor(max_iter=2, loss="poisson")
    classes = HistGradientBoostingClassifier(max_iter=2)
    large = HistGradientBoostingRegressor(
        max_iter=2, max_leaf_nodes=65, min_samples_leaf=1
    )

    for odd in (
        narrow,
        categories.fit(rows, target),
        counts.fit(rows, target),
        classes.fit(rows, target % 3),
        large.fit(_rows(200), np.arange(200)),
    ):
        with pytest.raises(NotFusable):
            Forest([plain, odd])

"""The scikit-learn pipelines of a model: built, fitted and run on data frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import TargetEncoder

from model_store.schema import Schema

Floats = NDArray[np.float64]

#: The three estimates of log price, in the order of every raw array.
ESTIMATES = ("point", "low", "high")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of the boosting.

    The defaults were set by hand and then compared with 27 others on the two months
    before the shipped data's test period; none was clearly better.

    Attributes:
        trees: Trees of each of the three models.
        learning_rate: Shrinkage of each tree.
        leaves: Most leaves of a tree.
        leaf_sales: Fewest sales in a leaf.
        penalty: L2 penalty of leaf values.
        feature_share: Share of features that a split may choose from.
        level: Share of sales that the range is to hold.
    """

    trees: int = 300
    learning_rate: float = 0.1
    leaves: int = 31
    leaf_sales: int = 20
    penalty: float = 2.0
    feature_share: float = 0.25
    level: float = 0.9


def build(schema: Schema, recipe: Recipe, estimate: str, seed: int) -> Pipeline:
    """Return an unfitted pipeline for one of `ESTIMATES`.

    Categories are target-encoded and never given to the boosting as such: SHAP is
    silently wrong on its native categories (shap/shap#3436).
    """
    categories = [f.name for f in schema.features if f.kind == "category"]
    numbers = [f.name for f in schema.features if f.kind != "category"]
    # The encoder's cross-fitting is random unless its folds are given.
    folds = KFold(5, shuffle=True, random_state=seed)
    columns = ColumnTransformer(
        [
            (
                "categories",
                TargetEncoder(target_type="continuous", cv=folds),
                categories,
            ),
            ("numbers", "passthrough", numbers),
        ]
    )
    miss = (1 - recipe.level) / 2
    quantile = {"point": None, "low": miss, "high": 1 - miss}[estimate]
    trees = HistGradientBoostingRegressor(
        loss="absolute_error" if quantile is None else "quantile",
        quantile=quantile,
        max_iter=recipe.trees,
        learning_rate=recipe.learning_rate,
        max_leaf_nodes=recipe.leaves,
        min_samples_leaf=recipe.leaf_sales,
        l2_regularization=recipe.penalty,
        max_features=recipe.feature_share,
        early_stopping=False,
        random_state=seed,
    )
    return Pipeline([("columns", columns), ("trees", trees)])


def frame(schema: Schema, houses: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return houses as a data frame of the form that the pipelines are fitted on.

    What a house lacks, or holds as None, is missing.
    """
    columns: dict[str, pd.Series] = {}
    for feature in schema.features:
        values = [house.get(feature.name) for house in houses]
        if feature.kind == "category":
            texts = [np.nan if value is None else value for value in values]
            columns[feature.name] = pd.Series(texts, dtype=object)
        else:
            columns[feature.name] = pd.Series(values, dtype=np.float64)
    return pd.DataFrame(columns)


def predict(pipelines: Sequence[Pipeline], houses: pd.DataFrame) -> Floats:
    """Return the estimates of log price, shape (n_houses, n_pipelines)."""
    return np.column_stack([pipeline.predict(houses) for pipeline in pipelines])

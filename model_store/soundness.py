"""What pipelines must be that were read from a file, before a house runs through them.

The list of types in `model_file` says what a file may hold, not where. Compiled code
walks trees without bounds checks, and what is not checked here may not be reached.
"""

# ruff: noqa: SLF001 - nothing public of scikit-learn leads to what its code relies on
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, TargetEncoder

from model_store.recipe.comparables import FEATURES, ComparableSales
from model_store.recipe.restored import expect_array

_STEPS = [
    ("columns", ColumnTransformer),
    ("comparables", ComparableSales),
    ("trees", HistGradientBoostingRegressor),
]
_COLUMNS = [
    ("codes", TargetEncoder),
    ("levels", OrdinalEncoder),
    ("numbers", FunctionTransformer),
]


def expect_sound(pipeline: Any) -> None:
    """Refuse a pipeline that is not of the form that training gives it.

    Raises:
        ValueError: It has other steps, encoders that know other categories than the
            sales, or trees that lead out of themselves.
    """
    if type(pipeline) is not Pipeline or _types(pipeline.steps) != _STEPS:
        raise ValueError("a pipeline has other steps than training gives it")
    columns, sales, trees = (step for _, step in pipeline.steps)
    transformers = [(name, step) for name, step, _ in columns.transformers_]
    if _types(transformers) != _COLUMNS or transformers[2][1].func is not None:
        raise ValueError("the columns are made otherwise than in training")
    if sales.columns.categories:
        _expect_same_categories(transformers[0][1], transformers[1][1], sales)
    wide = len(sales.columns.categories) + len(sales.columns.numbers) + len(FEATURES)
    _expect_trees(trees, wide)


def _types(steps: Any) -> list[tuple[str, type]]:
    return [(name, type(step)) for name, step in steps]


def _expect_same_categories(codes: Any, levels: Any, sales: ComparableSales) -> None:
    """Refuse encoders that would fail or err at a category that was not asked for."""
    effects = sales.hedonic.levels
    parts = zip(
        codes.categories_, codes.encodings_, levels.categories_, effects, strict=True
    )
    for categories, encoding, others, effect in parts:
        expect_array("encoding", encoding, np.float64, (len(categories),))
        known = [one for one in categories if isinstance(one, str)]
        same = [one for one in others if isinstance(one, str)] == known
        if not same or len(set(known)) != len(known) or len(effect) != len(known) + 1:
            raise ValueError("the encoders know other categories than the sales")


def _expect_trees(model: Any, columns: int) -> None:
    plain = model._preprocessor is None and model.is_categorical_ is None
    if not plain or type(model.n_features_in_) is not int:
        raise ValueError("the trees take columns of another kind")
    expect_array("baseline", model._baseline_prediction, np.float64, (1, 1))
    for (tree,) in model._predictors:
        walkable = type(tree) is TreePredictor and _is_walkable(tree.nodes, columns)
        if model.n_features_in_ != columns or not walkable:
            raise ValueError("refused, holds a tree whose nodes lead out of it")


def _is_walkable(tree: Any, columns: int) -> bool:
    """Tell whether a tree is one: each node but the root has one parent before it.

    Then every walk ends at a leaf, inside the arrays, and no way of looking at all of
    a tree takes more steps than it has nodes.
    """
    if tree.dtype != PREDICTOR_RECORD_DTYPE or tree.ndim != 1 or not len(tree):
        return False
    here = np.flatnonzero(tree["is_leaf"] == 0)
    nodes = tree[here]
    children = np.stack([nodes["left"], nodes["right"]]).astype(np.int64)
    return bool(
        (children > here).all()
        and (children < len(tree)).all()
        and (np.sort(children, axis=None) == np.arange(1, len(tree))).all()
        and (nodes["feature_idx"] >= 0).all()
        and (nodes["feature_idx"] < columns).all()
        and not nodes["is_categorical"].any()
        and np.isfinite(tree["value"]).all()
    )

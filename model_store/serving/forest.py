"""All trees of several boosting models together, called once for many estimates.

scikit-learn's own pricing of one house makes one Python call a tree. Here all trees
are scored at once by `quickscorer`, and sums are taken in scikit-learn's order: the
result is the same to the last bit.

`TreePredictor.nodes`, the baseline and the link are private to scikit-learn;
`predictor` compares with the pipelines whenever a model is loaded.
"""

# ruff: noqa: SLF001 - the module docstring tells why and what guards it
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

from model_store.serving.quickscorer import MAX_LEAVES, QuickScorer, Tree

Floats = NDArray[np.float64]


class NotFusable(ValueError):
    """The models are of a kind that this form does not cover."""


class Forest:
    """The trees of several models over the same numeric columns.

    Safe to share between threads.
    """

    def __init__(self, models: Sequence[HistGradientBoostingRegressor]) -> None:
        """Take over the trees.

        Raises:
            NotFusable: A model has native categories, several trees a step, another
                link than the identity, another number of columns, or too large trees.
        """
        columns = models[0].n_features_in_
        for model in models:
            _refuse_unknown_kind(model, columns)
        # A baseline is a tree of one leaf: the running sum then starts with it.
        groups = [
            [_leaf(float(m._baseline_prediction.item())), *_trees(m)] for m in models
        ]
        trees = [tree for group in groups for tree in group]
        if max(int(tree["is_leaf"].sum()) for tree in trees) > MAX_LEAVES:
            raise NotFusable(f"a tree has more than {MAX_LEAVES} leaves")
        ends = np.cumsum([len(group) for group in groups]).tolist()
        self._parts = [
            slice(end - len(group), end)
            for end, group in zip(ends, groups, strict=True)
        ]
        self._scorer = QuickScorer(trees, columns)

    def predict(self, rows: Floats) -> Floats:
        """Return every model's estimate of every row.

        Args:
            rows: Shape (n_rows, n_columns), missing values NaN; one row at least.

        Returns:
            Shape (n_rows, n_models).
        """
        leaves = self._scorer.leaves(rows)
        # Added up one by one, as scikit-learn does: `sum` would add up pairs.
        sums = [np.add.accumulate(leaves[:, part], axis=1) for part in self._parts]
        return np.column_stack([running[:, -1] for running in sums])


def _refuse_unknown_kind(model: HistGradientBoostingRegressor, columns: int) -> None:
    plain_link = type(model._loss.link).__name__ == "IdentityLink"
    if model.is_categorical_ is not None or model.n_trees_per_iteration_ != 1:
        raise NotFusable("native categories or several trees a step")
    if not plain_link or model.n_features_in_ != columns:
        raise NotFusable("another link than the identity, or another number of columns")


def _trees(model: HistGradientBoostingRegressor) -> list[Tree]:
    return [step[0].nodes for step in model._predictors]


def _leaf(value: float) -> Tree:
    node = np.zeros(1, dtype=PREDICTOR_RECORD_DTYPE)
    node["value"], node["is_leaf"] = value, 1
    return node

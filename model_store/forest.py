"""All trees of several boosting models as one table, called once for many estimates.

scikit-learn's own pricing of one house makes one Python call a tree. Here a binary
router over an extra column, the number of the tree, stands on top of all trees, so
that one call of scikit-learn's compiled loop walks every tree for every house. Sums
are taken in scikit-learn's order: the result is the same to the last bit.

`_predict_from_raw_data`, `TreePredictor.nodes` and the baseline are private to
scikit-learn; `predictor` compares with the pipelines whenever a model is loaded.
"""

# ruff: noqa: SLF001 - the module docstring tells why and what guards it
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.ensemble._hist_gradient_boosting._predictor import _predict_from_raw_data
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

Floats = NDArray[np.float64]

#: Houses up to which the fused table is cheaper than one call a tree.
FUSED_ROWS = 96

_ONE_THREAD = 1


class NotFusable(ValueError):
    """The models are of a kind that this form does not cover."""


class Forest:
    """The trees of several models over the same numeric columns.

    Safe to share between threads: the buffers are guarded by a lock.
    """

    def __init__(self, models: Sequence[HistGradientBoostingRegressor]) -> None:
        """Fuse the models.

        Raises:
            NotFusable: A model has native categories, several trees a step, another
                link than the identity, or another number of columns.
        """
        self._columns = models[0].n_features_in_
        for model in models:
            _refuse_unknown_kind(model, self._columns)
        # A baseline is a tree of one leaf: the running sum then starts with it.
        trees = [
            [_leaf(float(m._baseline_prediction.item())), *_trees(m)] for m in models
        ]
        ends = np.cumsum([len(group) for group in trees])
        self._slices = [slice(e - len(g), e) for e, g in zip(ends, trees, strict=True)]
        self._groups = trees
        self._count = int(ends[-1])
        self.nodes = _fused([tree for group in trees for tree in group], self._columns)
        self._no_sets = np.zeros((0, 8), dtype=np.uint32)
        self._no_map = np.zeros(self._columns + 1, dtype=np.uint32)
        self._ids = np.arange(self._count, dtype=np.float64)
        self._one = np.empty((self._count, self._columns + 1))
        self._one[:, -1] = self._ids
        self._leaves = np.empty(self._count)
        self._lock = threading.Lock()

    def predict(self, rows: Floats) -> Floats:
        """Return every model's estimate of every row.

        Args:
            rows: Shape (n_rows, n_columns), missing values NaN.

        Returns:
            Shape (n_rows, n_models).
        """
        if len(rows) == 1:
            return self._predict_one(rows)
        if len(rows) <= FUSED_ROWS:
            return self._predict_fused(rows)
        return self._predict_by_tree(rows)

    def _predict_one(self, rows: Floats) -> Floats:
        with self._lock:
            self._one[:, :-1] = rows
            leaves = self._leaves
            self._walk(self.nodes, self._one, leaves)
            sums = [np.add.accumulate(leaves[s])[-1] for s in self._slices]
        return np.array([sums])

    def _predict_fused(self, rows: Floats) -> Floats:
        count = len(rows)
        # Tree-major: the compiled loop then stays within one tree's nodes.
        table = np.empty((self._count, count, self._columns + 1))
        table[:, :, :-1] = rows
        table[:, :, -1] = self._ids[:, None]
        leaves = np.empty(self._count * count)
        self._walk(self.nodes, table.reshape(len(leaves), -1), leaves)
        by_tree = leaves.reshape(self._count, count)
        sums = [np.add.accumulate(by_tree[s], axis=0)[-1] for s in self._slices]
        return np.column_stack(sums)

    def _predict_by_tree(self, rows: Floats) -> Floats:
        sums = np.zeros((len(self._groups), len(rows)))
        leaves = np.empty(len(rows))
        for model, trees in enumerate(self._groups):
            for nodes in trees:
                self._walk(nodes, rows, leaves)
                sums[model] += leaves
        return sums.T

    def _walk(self, nodes: NDArray[np.void], rows: Floats, leaves: Floats) -> None:
        _predict_from_raw_data(
            nodes, rows, self._no_sets, self._no_sets, self._no_map, _ONE_THREAD, leaves
        )


def _refuse_unknown_kind(model: HistGradientBoostingRegressor, columns: int) -> None:
    plain_link = type(model._loss.link).__name__ == "IdentityLink"
    if model.is_categorical_ is not None or model.n_trees_per_iteration_ != 1:
        raise NotFusable("native categories or several trees a step")
    if not plain_link or model.n_features_in_ != columns:
        raise NotFusable("another link than the identity, or another number of columns")


def _trees(model: HistGradientBoostingRegressor) -> list[NDArray[np.void]]:
    return [step[0].nodes for step in model._predictors]


def _leaf(value: float) -> NDArray[np.void]:
    node = np.zeros(1, dtype=PREDICTOR_RECORD_DTYPE)
    node["value"], node["is_leaf"] = value, 1
    return node


def _fused(trees: Sequence[NDArray[np.void]], id_column: int) -> NDArray[np.void]:
    """Return the router's nodes followed by those of all trees."""
    router = np.zeros(len(trees) - 1, dtype=PREDICTOR_RECORD_DTYPE)
    sizes = [len(tree) for tree in trees]
    starts = (len(router) + np.cumsum([0, *sizes[:-1]])).tolist()
    _route(router, starts, id_column)
    moved = [router]
    for tree, start in zip(trees, starts, strict=True):
        nodes = tree.copy()
        nodes["left"] += start
        nodes["right"] += start
        moved.append(nodes)
    return np.concatenate(moved)


def _route(router: NDArray[np.void], starts: Sequence[int], id_column: int) -> None:
    """Fill the router level by level: a balanced search for the tree's number."""
    spans = [(0, len(starts))]
    for at, (first, end) in enumerate(spans):
        middle = (first + end) // 2
        router[at]["feature_idx"] = id_column
        router[at]["num_threshold"] = middle - 0.5
        for side, span in (("left", (first, middle)), ("right", (middle, end))):
            if span[1] - span[0] == 1:
                router[at][side] = starts[span[0]]
            else:
                router[at][side] = len(spans)
                spans.append(span)

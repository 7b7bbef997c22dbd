"""One row through many decision trees, as a handful of array operations.

QuickScorer (Lucchese et al., "QuickScorer: a fast algorithm to rank documents with
additive ensembles of regression trees", SIGIR 2015) does not walk: it asks all
questions of all trees at once. Each question that sends the row to the right rules out
the leaves on its left, as a mask of bits; of the leaves that none has ruled out, the
leftmost is the one that a walk would have reached.
"""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: A tree as scikit-learn keeps it: one record a node, the root first.
Tree = NDArray[np.void]

#: Leaves of a tree, at most: the bits of the widest mask.
MAX_LEAVES = 64


class QuickScorer:
    """Trees over the same numeric columns.

    Safe to share between threads: the buffers are guarded by a lock.

    Args:
        trees: Of at most `MAX_LEAVES` leaves each.
        columns: How many columns a row has.
    """

    def __init__(self, trees: Sequence[Tree], columns: int) -> None:
        parts = [_questions(tree, columns) for tree in trees]
        leaves = [part[-1] for part in parts]
        narrow = max(map(len, leaves)) <= np.iinfo(np.uint32).bits
        bits = np.uint32 if narrow else np.uint64
        self._columns = columns
        self._asked, self._thresholds, rules_out = (
            np.concatenate([part[at] for part in parts]) for at in range(3)
        )
        self._rules_out = rules_out.astype(bits)
        self._first_question = _starts([len(part[0]) for part in parts])
        self._first_leaf = _starts([len(values) for values in leaves])
        self._values = np.concatenate(leaves)
        self._one = bits(1)
        self._row = np.empty(2 * columns)
        self._answers = np.empty(len(self._asked))
        self._right = np.empty(len(self._asked), dtype=np.bool_)
        self._ruled_out = np.empty(len(self._asked), dtype=bits)
        self._lock = threading.Lock()

    def leaves(self, row: Floats) -> Floats:
        """Return the value of the leaf that a row reaches in each tree.

        Args:
            row: Shape (n_columns,), missing values NaN.

        Returns:
            Shape (n_trees,).
        """
        with self._lock:
            # Twice: as it goes where a missing value turns left, and where right.
            np.fmax(row, -np.inf, out=self._row[: self._columns])
            np.fmin(row, np.inf, out=self._row[self._columns :])
            np.take(self._row, self._asked, out=self._answers, mode="clip")
            np.greater(self._answers, self._thresholds, out=self._right)
            np.multiply(self._right, self._rules_out, out=self._ruled_out)
            gone = np.bitwise_or.reduceat(self._ruled_out, self._first_question)
        leftmost = ~gone & (gone + self._one)
        at = np.frexp(leftmost)[1] - 1
        values: Floats = self._values[self._first_leaf + at]
        return values


def _starts(lengths: Sequence[int]) -> NDArray[np.intp]:
    return np.cumsum([0, *lengths[:-1]], dtype=np.intp)


def _questions(
    tree: Tree, columns: int
) -> tuple[NDArray[np.intp], Floats, NDArray[np.uint64], Floats]:
    """Return column, threshold and ruled-out leaves of each question; leaf values."""
    left, right, is_leaf = (
        tree[name].tolist() for name in ("left", "right", "is_leaf")
    )
    leaves: list[int] = []
    asked: list[int] = []
    rules_out: list[int] = []

    def visit(node: int) -> None:
        if is_leaf[node]:
            leaves.append(node)
            return
        first = len(leaves)
        asked.append(node)
        at = len(rules_out)
        rules_out.append(0)
        visit(left[node])
        rules_out[at] = (1 << len(leaves)) - (1 << first)
        visit(right[node])

    visit(0)
    values = tree["value"][leaves].astype(np.float64)
    if not asked:  # a tree of one leaf: a question that rules out nothing
        return np.zeros(1, np.intp), np.zeros(1), np.zeros(1, np.uint64), values
    nodes = tree[asked]
    turns_right = nodes["missing_go_to_left"] == 0
    column = nodes["feature_idx"].astype(np.intp) + columns * turns_right
    # "Whatever is known goes left" is an infinite threshold, which the infinity that
    # stands for a missing value must exceed.
    threshold = np.minimum(nodes["num_threshold"], np.finfo(np.float64).max)
    return column, threshold, np.array(rules_out, dtype=np.uint64), values

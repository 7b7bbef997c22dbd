"""Rows through many decision trees, as a handful of array operations.

QuickScorer (Lucchese et al., "QuickScorer: a fast algorithm to rank documents with
additive ensembles of regression trees", SIGIR 2015) does not walk through trees. Each
question that sends a row to the right rules out the leaves on its left, as a mask of
bits; of the leaves that no question has ruled out, the leftmost is the one that a walk
would have reached.

All questions about one column are answered by where the row's value lies among their
thresholds. What they rule out together, in every tree, is therefore made once for each
such interval, and a row looks up one line of that table for each of its columns.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: A tree as scikit-learn keeps it: one record a node, the root first.
Tree = NDArray[np.void]

#: Leaves of a tree, at most: the bits of the widest mask.
MAX_LEAVES = 64
#: Rows scored together: what they look up then stays in the processor's cache.
_CHUNK = 16


class QuickScorer:
    """Trees over the same numeric columns. Safe to share between threads.

    Args:
        trees: Of at most `MAX_LEAVES` leaves each.
        columns: How many columns a row has.
    """

    def __init__(self, trees: Sequence[Tree], columns: int) -> None:
        parts = [_Questions.of(tree, at) for at, tree in enumerate(trees)]
        sizes = [len(part.leaves) for part in parts]
        bits = np.uint32 if max(sizes) <= np.iinfo(np.uint32).bits else np.uint64
        self._one = bits(1)
        self._values = np.concatenate([part.leaves for part in parts])
        # One less, since a leaf is told by its place counted from one.
        self._before_first = np.cumsum([0, *sizes[:-1]]) - 1
        asked = np.concatenate([part.asked for part in parts])
        self._thresholds: list[list[float]] = []
        self._first_lines: list[int] = []
        tables: list[NDArray[Any]] = []
        for column in range(columns):
            about = asked[asked["column"] == column]
            thresholds = np.unique(about["threshold"])
            self._first_lines.append(sum(map(len, tables)))
            self._thresholds.append(thresholds.tolist())
            tables.append(_table(about, thresholds, len(trees)).astype(bits))
        self._table = np.concatenate(tables)

    def leaves(self, rows: Floats) -> Floats:
        """Return the value of the leaf that each row reaches in each tree.

        Args:
            rows: Shape (n_rows, n_columns), one row at least, missing values NaN.

        Returns:
            Shape (n_rows, n_trees).
        """
        lines = [self._lines(row) for row in rows.tolist()]
        chunks = [
            self._reached(lines[at : at + _CHUNK])
            for at in range(0, len(lines), _CHUNK)
        ]
        return chunks[0] if len(chunks) == 1 else np.concatenate(chunks)

    def _lines(self, row: list[float]) -> list[int]:
        """Return a row's line of the table for each column; NaN has the last one."""
        return [
            first
            + (
                bisect_left(thresholds, value)
                if value == value  # noqa: PLR0124 - NaN
                else len(thresholds) + 1
            )
            for first, thresholds, value in zip(
                self._first_lines, self._thresholds, row, strict=True
            )
        ]

    def _reached(self, lines: list[list[int]]) -> Floats:
        ruled_out = np.bitwise_or.reduce(self._table.take(lines, axis=0), axis=1)
        # Zeros and the one after them, counted from the right, in what is left over.
        place = np.bitwise_count(ruled_out ^ (ruled_out + self._one))
        values: Floats = self._values.take(self._before_first + place)
        return values


_ASKED = [
    ("column", np.intp),
    ("threshold", np.float64),
    ("missing_right", np.bool_),
    ("tree", np.intp),
    ("rules_out", np.uint64),
]


@dataclass(frozen=True, slots=True)
class _Questions:
    """A tree as questions, records of `_ASKED`, and its leaves from left to right."""

    asked: NDArray[np.void]
    leaves: Floats

    @classmethod
    def of(cls, tree: Tree, number: int) -> "_Questions":
        left, right, is_leaf = (
            tree[name].tolist() for name in ("left", "right", "is_leaf")
        )
        inner: list[int] = []
        rules_out: list[int] = []
        leaves: list[int] = []

        def visit(node: int) -> None:
            if is_leaf[node]:
                leaves.append(node)
                return
            at, first = len(inner), len(leaves)
            inner.append(node)
            rules_out.append(0)
            visit(left[node])
            rules_out[at] = (1 << len(leaves)) - (1 << first)
            visit(right[node])

        visit(0)
        nodes = tree[inner]
        asked = np.empty(len(inner), dtype=_ASKED)
        asked["column"] = nodes["feature_idx"]
        asked["threshold"] = nodes["num_threshold"]
        asked["missing_right"] = nodes["missing_go_to_left"] == 0
        asked["tree"] = number
        asked["rules_out"] = rules_out
        return cls(asked, tree["value"][leaves].astype(np.float64))


def _table(
    about: NDArray[np.void], thresholds: Floats, trees: int
) -> NDArray[np.uint64]:
    """Return what the questions about one column rule out.

    Returns:
        Shape (n_thresholds + 2, n_trees): a line for each number of thresholds that lie
        below the value, and one for a missing value.
    """
    table = np.zeros((len(thresholds) + 2, trees), dtype=np.uint64)
    line = np.searchsorted(thresholds, about["threshold"]) + 1
    np.bitwise_or.at(table, (line, about["tree"]), about["rules_out"])
    np.bitwise_or.accumulate(table[:-1], axis=0, out=table[:-1])
    missing = about[about["missing_right"]]
    last = np.full(len(missing), len(thresholds) + 1)
    np.bitwise_or.at(table, (last, missing["tree"]), missing["rules_out"])
    return table

"""A row reaches the leaves that a walk would reach."""

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from model_store.serving.quickscorer import QuickScorer, Tree


def _walked(tree: Tree, row: list[float]) -> float:
    """Return the leaf's value by the definition of a tree, one node at a time."""
    node = tree[0]
    while not node["is_leaf"]:
        value = row[node["feature_idx"]]
        left = (
            node["missing_go_to_left"]
            if np.isnan(value)
            else value <= node["num_threshold"]
        )
        node = tree[node["left"] if left else node["right"]]
    return float(node["value"])


def _trees(**settings: Any) -> list[Tree]:
    generator = np.random.default_rng(1)
    rows = generator.normal(size=(900, 3))
    # Whether the last column is missing decides, so that trees split on just that.
    rows[generator.random(rows.shape) < 0.2] = np.nan
    target = np.nan_to_num(rows).sum(axis=1) + 5 * np.isnan(rows[:, 2])
    model = HistGradientBoostingRegressor(
        max_iter=12, min_samples_leaf=3, random_state=0, **settings
    ).fit(rows, target)
    return [step[0].nodes for step in model._predictors]  # noqa: SLF001 - as `forest` does


@pytest.mark.parametrize("leaves", [2, 31, 32, 33, 64])
def test_the_leaf_is_the_one_that_a_walk_reaches(leaves: int) -> None:
    """For masks of every width, with missing values and values on a threshold."""
    trees = _trees(max_leaf_nodes=leaves)
    assert max(tree["is_leaf"].sum() for tree in trees) == leaves
    scorer = QuickScorer(trees, 3)
    generator = np.random.default_rng(2)
    rows = generator.normal(size=(60, 3))
    rows[generator.random(rows.shape) < 0.3] = np.nan
    on_thresholds = [
        [float(node["num_threshold"])] * 3 for tree in trees for node in tree[:4]
    ]
    extreme = [[np.nan] * 3, [np.inf, -np.inf, 0.0], [1e308, -1e308, 0.0]]
    asked = [*rows.tolist(), *on_thresholds, *extreme]

    expected = [[_walked(tree, row) for tree in trees] for row in asked]

    assert scorer.leaves(np.array(asked)).tolist() == expected
    alone = [scorer.leaves(np.array([row])).tolist()[0] for row in asked]
    assert alone == expected


def test_missing_goes_its_own_way_at_an_infinite_threshold() -> None:
    """A split may send every value left, infinity too, and what is missing right."""
    trees = [tree for tree in _trees() if np.isinf(tree["num_threshold"]).any()]
    assert trees
    scorer = QuickScorer(trees, 3)
    rows = [[0.1, 0.2, value] for value in (np.nan, np.inf, 1.0)]

    reached = scorer.leaves(np.array(rows)).tolist()

    assert reached == [[_walked(tree, row) for tree in trees] for row in rows]
    assert reached[0] != reached[1]

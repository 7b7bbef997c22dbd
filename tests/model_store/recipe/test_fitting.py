"""How far fits are is told by how long they take."""

import pytest

from model_store.recipe import pipelines
from model_store.recipe.fitting import Fitting
from model_store.recipe.pipelines import STEPS
from tests.model_store.markets import QUICK, market


def test_a_step_counts_by_its_work_and_its_sales(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is left can be reckoned from what has passed."""
    monkeypatch.setattr(pipelines, "MOST_SALES", 300)
    few, many = market(100), market(400)
    seen: list[tuple[int, int, str]] = []
    fitting = Fitting(QUICK, 0, [100, 400], lambda *told: seen.append(told))

    fitting.model(few)
    fitting.model(many)

    work = sum(STEPS.values())
    assert {total for _, total, _ in seen} == {400 * work}
    assert seen[0] == (100 * STEPS["neighbours"], 400 * work, "neighbours, 100 sales")
    assert seen[len(STEPS) - 1][0] == 100 * work
    assert seen[-1] == (400 * work, 400 * work, "spread, 300 sales")

"""Two ways to the same estimates, to the last bit."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from model_store.artifact import Loaded
from model_store.recipe import pipelines
from model_store.serving.estimates import Direct, Piped
from model_store.serving.forest import NotFusable
from tests.model_store.markets import QUICK, market

GOOD: dict[str, Any] = {
    "area": 80.5,
    "built": 1970,
    "lat": 50.01,
    "lon": 8.01,
    "quarter": "east",
    "heating": "gas",
}


@pytest.mark.parametrize("count", [1, 2, 31, 32, 96, 97, 128, 300])
def test_the_direct_form_equals_the_pipelines(
    loaded: Loaded, houses: list[dict[str, Any]], count: int
) -> None:
    """Unknown categories and missing values included, for every size of a batch."""
    direct = Direct(loaded.pipelines, loaded.card.schema)
    piped = Piped(loaded.pipelines, loaded.card.schema)

    assert np.array_equal(direct.raw(houses[:count]), piped.raw(houses[:count]))


@pytest.mark.parametrize("gaps", [0.0, 0.2])
@pytest.mark.parametrize("only", [None, ("area", "quarter"), ("area",), ("built",)])
def test_both_see_the_same_whatever_a_market_has(
    only: tuple[str, ...] | None, gaps: float
) -> None:
    """With and without places, categories and gaps that training saw."""
    sales = market(200, only=only, gaps=gaps)
    models = pipelines.fit(sales, QUICK, seed=0).pipelines
    direct, piped = Direct(models, sales.schema), Piped(models, sales.schema)
    odd: list[dict[str, Any]] = [
        {},
        dict.fromkeys(GOOD),
        *({**GOOD, name: None} for name in GOOD),
        *({**GOOD, "quarter": quarter} for quarter in ("west", "north", "nan", "")),
        {**GOOD, "built": 0},
        {**GOOD, "area": 1e12},
    ]

    for batch in (odd, *([house] for house in odd)):
        found, expected = direct.look(batch), piped.look(batch)
        assert np.array_equal(found.raw, expected.raw)
        assert np.array_equal(found.rows, expected.rows, equal_nan=True)
        neighbours, others = found.neighbours, expected.neighbours
        assert np.array_equal(neighbours.rows, others.rows)
        assert np.array_equal(neighbours.distances, others.distances)
        assert (neighbours.km is None) == (others.km is None)
        if neighbours.km is not None and others.km is not None:
            assert np.array_equal(neighbours.km, others.km, equal_nan=True)


def test_every_category_counts() -> None:
    """A known one, an unknown one and a missing one are three different things."""
    sales = market(400, only=("area", "quarter"), gaps=0.2)
    models = pipelines.fit(sales, QUICK, seed=0).pipelines
    quarters = ("east", "south", "west", "north", None)
    asked = [{"area": 80.5, "quarter": quarter} for quarter in quarters]

    direct = Direct(models, sales.schema)
    rows = np.array([direct._row(house) for house in asked], dtype=float)  # noqa: SLF001 - what the models are given

    columns = models[0]["columns"]
    encoder = columns.named_transformers_["codes"]
    assert rows[:, 0].tolist() == [
        *encoder.encodings_[0][:3],
        encoder.target_mean_,
        *encoder.encodings_[0][3:],
    ]
    assert rows[:, 1].tolist() == [0, 1, 2, -1, -1]
    assert len(set(rows[:, 0].tolist())) == 5
    assert np.array_equal(columns.transform(pipelines.frame(sales.schema, asked)), rows)


def test_pipelines_that_share_nothing_are_not_fused() -> None:
    """One search serves all models, so it must be the same search."""
    sales = market(200)
    first, second, _ = pipelines.fit(sales, QUICK, seed=0).pipelines
    second.steps[1] = ("comparables", clone(second["comparables"]))

    with pytest.raises(NotFusable, match="different columns"):
        Direct((first, second), sales.schema)

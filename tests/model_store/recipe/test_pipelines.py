"""A fit is honest with the houses that it is fitted to."""

from dataclasses import replace

import numpy as np
import pytest

from model_store.recipe import pipelines
from model_store.schema import Feature, Schema
from tests.model_store.markets import QUICK, market


def test_the_spread_is_that_of_houses_that_were_not_seen() -> None:
    """A price that learnt its sales by heart is still known to err by a fifth."""
    recipe = replace(QUICK, trees=60, leaf_sales=1, penalty=0.0)
    sales = market(300, only=("area",), noise=0.2)

    fitted = pipelines.fit(sales, recipe, seed=0)

    raw = pipelines.predict(fitted.pipelines, sales.houses)
    learnt = np.abs(np.log(sales.prices) - raw[:, 0])
    assert np.median(learnt) < 0.05
    assert 0.2 < np.median(np.exp(raw[:, 1])) < 0.6


def test_estimates_stand_at_the_end_of_the_sales() -> None:
    """A market that doubled in a year prices by today's level, not by the mean."""
    sales = market(600, noise=0.02, gaps=0)
    days = (sales.dates - sales.dates[0]).astype(int)
    sales = replace(sales, prices=sales.prices * np.exp(0.7 * days / 300))
    recipe = replace(QUICK, trees=40)

    fitted = pipelines.fit(sales, recipe, seed=0)

    last = days > 280
    raw = pipelines.predict(fitted.pipelines, sales.houses)
    off = np.log(sales.prices) - raw[:, 0]
    assert np.median(off[last]) == pytest.approx(0, abs=0.03)
    assert np.median(off[days < 20]) == pytest.approx(-0.7, abs=0.1)


def test_a_frame_has_the_schemas_columns_and_types() -> None:
    """What a house lacks, or holds as None, is missing."""
    schema = Schema(
        (
            Feature("area", "number", "?", 1),
            Feature("rooms", "integer", "?", 1),
            Feature("quarter", "category", "?", "a"),
        )
    )

    frame = pipelines.frame(
        schema, [{"quarter": "a", "rooms": 2}, {"area": None, "quarter": None}]
    )

    assert frame.columns.tolist() == ["area", "rooms", "quarter"]
    assert frame.dtypes.astype(str).tolist() == ["float64", "float64", "object"]
    assert frame.isna().to_numpy().tolist() == [[True, False, False], [True] * 3]


@pytest.mark.parametrize(
    "only", [("area",), ("area", "quarter"), ("lat", "lon"), ("built", "heating")]
)
@pytest.mark.parametrize("empty", [False, True])
def test_any_table_with_a_number_is_fitted(
    only: tuple[str, ...], *, empty: bool
) -> None:
    """Without places, without categories, and with a column that nobody filled."""
    sales = market(200, only=only)
    if empty:
        sales.houses[only[-1]] = np.nan

    fitted = pipelines.fit(sales, QUICK, seed=0)

    assert np.isfinite(pipelines.predict(fitted.pipelines, sales.houses)).all()


def test_a_model_learns_the_latest_sales_of_more_than_it_can_keep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Earlier ones change nothing: time and memory of a fit have a bound."""
    sales = market(400)
    monkeypatch.setattr(pipelines, "MOST_SALES", 150)

    fitted = pipelines.fit(sales, QUICK, seed=0)
    of_these = pipelines.fit(sales.latest(150), QUICK, seed=0)

    assert fitted.profile == of_these.profile
    assert fitted.profile.sales == 150
    assert fitted.pipelines[0]["comparables"].sold_on[0] == sales.dates[-150]

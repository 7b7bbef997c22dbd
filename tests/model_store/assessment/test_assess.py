"""An assessment measures each sale once, by a model that had not seen it."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from model_store.assessment.assess import Assessment, assess
from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.goal import Goal
from tests import small_model


def test_every_sale_of_the_test_is_measured_once(
    assessment: Assessment, few_sales: Dataset
) -> None:
    """In the whole, by period and by price alike."""
    test = few_sales.split(dt.date(2015, 3, 1))[1]

    assert assessment.figures["n"] == len(test)
    assert sum(row["n"] for row in assessment.periods) == len(test)
    assert sum(row["n"] for row in assessment.quintiles) == len(test)
    assert np.array_equal(assessment.outcome.sold, test.prices)


def test_the_worst_figures_are_those_of_the_rows(assessment: Assessment) -> None:
    """A goal for each month is held to the month that is worst."""
    figures, periods = assessment.figures, assessment.periods

    biases = [abs(row["median_bias"]) for row in periods]
    assert figures["worst_period_bias"] == max(biases)
    assert figures["least_period_coverage"] == min(r["coverage"] for r in periods)
    least = min(row["coverage"] for row in assessment.quintiles)
    assert figures["least_quintile_coverage"] == least


def test_goals_are_held_to_the_figures(assessment: Assessment) -> None:
    """One that is missed makes the whole a miss."""
    assert {v.figure: v.met for v in assessment.checks} == {
        "mdape": True,
        "coverage": False,
    }
    assert not assessment.met


def test_mistakes_are_caught_and_real_houses_are_not(assessment: Assessment) -> None:
    """A wrong unit, a slip and a wrong place, even with few sales."""
    assert assessment.figures["false_alarms"] < 10
    assert len(assessment.unit_errors) == 4
    for name, caught in assessment.unit_errors.items():
        assert caught > 95, name


def test_what_later_sales_cost_changes_nothing_before(
    assessment: Assessment, few_sales: Dataset
) -> None:
    """No model peeks: with other prices in May the prices given before are the same."""
    may = few_sales.dates >= np.datetime64("2015-05-01")
    other = replace(few_sales, prices=np.where(may, 9e6, few_sales.prices))

    again = assess(other, recipe=small_model.RECIPE).outcome

    before = ~may[few_sales.dates >= np.datetime64("2015-03-01")]
    for name in ("price", "low", "high", "fsd"):
        assert np.array_equal(
            getattr(again, name)[before], getattr(assessment.outcome, name)[before]
        ), name


def test_a_goal_that_nothing_can_be_held_to_is_refused(few_sales: Dataset) -> None:
    """A market without areas and places has no mistakes to be caught."""
    definition = few_sales.definition
    features = tuple(f for f in definition.features if f.unit not in ("ft2", "deg"))
    goals = {"least_caught": Goal(at_least=99)}
    plain = replace(definition, features=features, goals=goals)

    with pytest.raises(DatasetError, match="no mistake to be made"):
        assess(replace(few_sales, definition=plain), recipe=small_model.RECIPE)


def test_a_goal_for_no_figure_is_refused(few_sales: Dataset) -> None:
    """Before hours of work, with the figures that there are."""
    goals = {"mdpae": next(iter(few_sales.definition.goals.values()))}
    wrong = replace(few_sales, definition=replace(few_sales.definition, goals=goals))

    with pytest.raises(DatasetError, match=r"'mdpae'.*mdape"):
        assess(wrong, recipe=small_model.RECIPE)

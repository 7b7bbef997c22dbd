"""Runs the assessment: every figure of it, and whether the data set's goals are met."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from model_store.assessment.unit_errors import unit_errors
from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.goal import Goal
from model_store.recipe import pipelines, rolling
from model_store.recipe.evaluation import (
    Outcome,
    by_period,
    joined,
    measure,
    outcome,
    quintiles,
)
from model_store.recipe.fitting import Fitting, Progress
from model_store.recipe.pipelines import Fitted, Recipe
from model_store.recipe.rolling import Round
from model_store.serving.estimates import Direct
from model_store.serving.flags import Flagging, categories

Figures = dict[str, float | int]

#: What goals may be set for.
FIGURES = frozenset(
    {
        "coverage",
        "false_alarms",
        "gain_over_never_retrained",
        "least_caught",
        "least_period_coverage",
        "least_quintile_coverage",
        "mdape",
        "mean_width",
        "median_bias",
        "ppe10",
        "ppe20",
        "r2",
        "within_fsd",
        "worst_period_bias",
    }
)


@dataclass(frozen=True, slots=True)
class GoalCheck:
    """A figure beside its goal."""

    figure: str
    value: float
    goal: Goal

    @property
    def met(self) -> bool:
        """Whether the figure is as good as it must be."""
        return self.goal.holds(self.value)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a recipe showed on the test period of a data set.

    Attributes:
        dataset: Name of the data set.
        level: Share of sales that the ranges are to hold, 0 to 1.
        figures: Overall figures, by name; percent but for `n` and `r2`.
        periods: `from` and figures of each period.
        quintiles: `from` (least price paid) and figures of each fifth by price paid.
        never_retrained: MdAPE in percent of the first model of the roll, by period.
        unit_errors: Share of houses flagged for each mistake, in percent.
        outcome: Every sale of the test.
        checks: The goals of the data set.
    """

    dataset: str
    level: float
    figures: Figures
    periods: Sequence[dict[str, Any]]
    quintiles: Sequence[dict[str, Any]]
    never_retrained: Sequence[float]
    unit_errors: dict[str, float]
    outcome: Outcome
    checks: Sequence[GoalCheck]

    @property
    def met(self) -> bool:
        """Whether every goal is met."""
        return all(check.met for check in self.checks)


def assess(
    dataset: Dataset,
    *,
    recipe: Recipe | None = None,
    seed: int = 0,
    told: Progress | None = None,
) -> Assessment:
    """Roll a recipe through the test period of a data set and measure it.

    Args:
        dataset: The sales.
        recipe: Settings of the boosting.
        seed: Seed of everything random.
        told: Told about each step of each fit.

    Raises:
        DatasetError: There are too few sales to train, calibrate and test, or a goal
            is set for a figure that there is not.
    """
    recipe, plan = recipe or Recipe(), rolling.plan(dataset)
    _expect_measurable(dataset)
    fits = Fitting(recipe, seed, rolling.sizes(dataset, plan.starts), told)
    with threadpool_limits(limits=1):
        rounds = list(rolling.roll(dataset, plan.starts, fits.model, recipe.level))
        return _assessed(dataset, rounds[-plan.tested :], rounds[0].model, recipe.level)


def _expect_measurable(dataset: Dataset) -> None:
    """Refuse a goal that nothing would be held to."""
    goals = dataset.definition.goals
    if "least_caught" in goals and not unit_errors(dataset.schema):
        raise DatasetError(
            "goals: least_caught needs houses with areas in ft2 or m2, or with a "
            "latitude and a longitude in deg: there is no mistake to be made"
        )
    unknown = sorted(set(goals) - FIGURES)
    if unknown:
        raise DatasetError(
            f"goals: no figure is called {', '.join(map(repr, unknown))}; there are "
            f"{', '.join(sorted(FIGURES))}"
        )


def _assessed(
    dataset: Dataset, last: Sequence[Round], first: Fitted, level: float
) -> Assessment:
    whole = joined([outcome(one) for one in last])
    periods = by_period(last)
    never = [_error_of(first, one.forecast.sales) for one in last]
    alarms, caught = _flagged(last)
    fifths = quintiles(whole, whole.sold)
    figures = measure(whole) | {
        "worst_period_bias": max(abs(row["median_bias"]) for row in periods),
        "least_period_coverage": min(row["coverage"] for row in periods),
        "least_quintile_coverage": min(row["coverage"] for row in fifths),
        "gain_over_never_retrained": round(never[-1] - periods[-1]["mdape"], 2),
        "false_alarms": alarms,
        **({"least_caught": min(caught.values())} if caught else {}),
    }
    goals = dataset.definition.goals
    return Assessment(
        dataset=dataset.definition.title,
        level=level,
        figures=figures,
        periods=periods,
        quintiles=fifths,
        never_retrained=never,
        unit_errors=caught,
        outcome=whole,
        checks=[GoalCheck(name, figures[name], goal) for name, goal in goals.items()],
    )


def _error_of(model: Fitted, sales: Dataset) -> float:
    """Return the median error in percent of a model's bare estimates."""
    log_prices = pipelines.predict(model.pipelines[:1], sales.houses)[:, 0]
    off = np.abs(np.expm1(log_prices - np.log(sales.prices)))
    return round(100 * float(np.median(off)), 2)


def _flagged(tested: Sequence[Round]) -> tuple[float, dict[str, float]]:
    """Return the share of real houses flagged, and of those with each mistake."""
    clean: list[bool] = []
    caught: dict[str, list[bool]] = {}
    for one in tested:
        sales = one.forecast.sales
        houses: list[dict[str, Any]] = [sales.house(row) for row in range(len(sales))]
        clean += _flags(one.model, sales, houses)
        for name, spoil in unit_errors(sales.schema).items():
            spoilt = [spoil(house) for house in houses]
            caught.setdefault(name, []).extend(_flags(one.model, sales, spoilt))
    return _percent(clean), {name: _percent(flags) for name, flags in caught.items()}


def _flags(
    model: Fitted, sales: Dataset, houses: Sequence[dict[str, Any]]
) -> list[bool]:
    schema = sales.schema
    flagging = Flagging(model.profile, schema, categories(model.pipelines[0], schema))
    near = Direct(model.pipelines, schema).look(houses).neighbours
    rows = zip(houses, near.unlikeness.tolist(), near.remoteness.tolist(), strict=True)
    return [bool(flagging.flags(*row)) for row in rows]


def _percent(flags: Sequence[bool]) -> float:
    return round(100 * float(np.mean(flags)), 2)

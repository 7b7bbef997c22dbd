"""Training: sales in, a measured and calibrated artifact out."""

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from model_store import samples
from model_store.artifact import Artifact
from model_store.card import Profile
from model_store.dataset import Dataset
from model_store.recipe import evaluation, pipelines, rolling
from model_store.recipe.binning import binned
from model_store.recipe.calibration import calibrate
from model_store.recipe.columns import Columns
from model_store.recipe.evaluation import Outcome
from model_store.recipe.fitting import Fitting, Progress
from model_store.recipe.pipelines import Fitted, Recipe
from model_store.recipe.rolling import Round


def train(
    dataset: Dataset,
    *,
    seed: int,
    trained_at: dt.datetime,
    recipe: Recipe | None = None,
    name: str | None = None,
    progress: Progress | None = None,
    fit: Callable[..., Fitted] = pipelines.fit,
) -> Artifact:
    """Measure the recipe month by month over the test period, then fit it to all sales.

    The same sales, seed, recipe and libraries give the same digest.

    Args:
        dataset: The sales.
        seed: Seed of everything random.
        trained_at: Now, UTC.
        recipe: Settings of the boosting.
        name: Name of the model; by default that of the data set.
        progress: Told about each step of each fit.
        fit: Fits one model; as `pipelines.fit`.

    Raises:
        DatasetError: There are too few sales to train, calibrate and test, or some
            lie in the future.
    """
    dataset.expect_past(trained_at.date())
    recipe, plan = recipe or Recipe(), rolling.plan(dataset)
    sizes = rolling.sizes(dataset, plan.starts)
    fits = Fitting(recipe, seed, [*sizes, len(dataset)], progress, fit)
    # Two OpenMP threads beside other load take ten times as long as one
    # (scikit-learn#30662).
    with threadpool_limits(limits=1):
        rounds = list(rolling.roll(dataset, plan.starts, fits.model, recipe.level))
        final = fits.model(dataset)
    tested = rounds[-plan.tested :]
    outcome = evaluation.joined([evaluation.outcome(one) for one in tested])
    return Artifact(
        name=name or dataset.definition.name,
        trained_at=trained_at,
        schema=dataset.schema,
        currency=dataset.definition.currency,
        as_of=dataset.last_day,
        model=replace(final, profile=_with_answers(final.profile, outcome)),
        interval=calibrate([one.forecast for one in rounds], recipe.level),
        metrics=_measured(tested, outcome, seed),
        data=_described(dataset),
        training={
            "seed": seed,
            "recipe": asdict(recipe),
            "libraries": _libraries(),
        },
        examples=samples.examples(dataset.split(plan.starts[-plan.tested])[1]),
        parity_houses=samples.parity(dataset),
    )


def _with_answers(profile: Profile, outcome: Outcome) -> Profile:
    """Add how prices and the widths of their ranges lay in the test."""
    widths = (outcome.high - outcome.low) / outcome.price
    return replace(profile, prices=binned(outcome.price), widths=binned(widths))


def _measured(tested: list[Round], whole: Outcome, seed: int) -> dict[str, Any]:
    """Return the figures of the test, the models of each month on its own month."""
    first, last = tested[0].forecast.sales, tested[-1].forecast.sales
    houses = pd.concat([one.forecast.sales.houses for one in tested])
    return {
        "retrained": "before each period",
        "tested_from": str(first.first_day),
        "tested_to": str(last.last_day),
        **evaluation.measure(whole),
        "uncertainty": evaluation.uncertainty(whole, seed),
        "periods": evaluation.by_period(tested),
        "quintiles": evaluation.quintiles(whole, evaluation.middle(whole)),
        "categories": {
            name: evaluation.by_category(whole, np.asarray(houses[name], dtype=object))
            for name in Columns.of(first.schema).categories
        },
        "fsd_calibration": evaluation.fsd_groups(whole),
    }


def _described(dataset: Dataset) -> dict[str, Any]:
    definition = dataset.definition
    return {
        "name": definition.name,
        "title": definition.title,
        "source": definition.source,
        "licence": definition.licence,
        "sales": len(dataset),
        "first_sale": str(dataset.first_day),
        "last_sale": str(dataset.last_day),
        "left_out": definition.left_out,
        **({"kept": definition.kept} if definition.kept else {}),
        "lacks": Columns.of(dataset.schema).lacking,
    }


def _libraries() -> dict[str, str]:
    names = ("numpy", "pandas", "scikit-learn", "scipy")
    return {name: version(name) for name in names}

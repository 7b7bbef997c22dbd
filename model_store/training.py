"""Training: sales in, a measured and calibrated artifact out.

The recipe is the first, plain one: gradient boosting on log price with a calibrated
range. The market index, neighbour-sale features and the model of the spread belong
to the full recipe; they enter in `_fit` (what a model is) and `_calibrated` (how its
range is made), and nothing else here would change.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from model_store import calibration, evaluation, pipelines
from model_store.artifact import Artifact
from model_store.card import Interval
from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.pipelines import ESTIMATES, Recipe

#: Called with steps done, steps in all and what was just done.
Progress = Callable[[int, int, str], None]

#: Sales of this many last days calibrate the range: two months hold enough of them
#: and are recent enough on a moving market.
CALIBRATION_DAYS = 61

#: Fewest sales for a calibration at the usual 90 %: below 19 on a side the
#: correction is a guess. Small tables take their last fifth instead of two months.
FEWEST_CALIBRATION_SALES = 40

#: Fewest sales that a model is trained on.
FEWEST_SALES = 200

_FITS_A_ROUND = 5
_PARITY_ROWS = 62
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Fitted:
    """Pipelines in the order of `ESTIMATES`, with their range's calibration."""

    pipelines: tuple[Pipeline, ...]
    interval: Interval


def train(
    dataset: Dataset,
    *,
    seed: int,
    trained_at: datetime,
    recipe: Recipe | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Artifact:
    """Measure the recipe on the last period, then fit it to all sales.

    The same sales, seed, recipe and libraries give the same digest.

    Args:
        dataset: The sales.
        seed: Seed of everything random.
        trained_at: Now, UTC.
        recipe: Settings of the boosting.
        name: Name of the model; by default that of the data set.
        progress: Told about each of the ten fits.

    Raises:
        DatasetError: There are too few sales to train, calibrate and test.
    """
    recipe = recipe or Recipe()
    before, test = _split(dataset)
    step = _Steps(progress, 2 * _FITS_A_ROUND)
    # Two OpenMP threads beside other load take ten times as long as one
    # (scikit-learn#30662).
    with threadpool_limits(limits=1):
        measured = _fit(before, recipe, seed, step)
        metrics = evaluation.measure(_prices(measured, test), test.prices)
        final = _fit(dataset, recipe, seed, step)
    return Artifact(
        name=name or dataset.definition.name,
        trained_at=trained_at,
        schema=dataset.schema,
        currency=dataset.definition.currency,
        as_of=dataset.last_day,
        pipelines=final.pipelines,
        interval=final.interval,
        metrics={
            "trained_before": str(test.first_day),
            "tested_from": str(test.first_day),
            "tested_to": str(test.last_day),
            **metrics,
        },
        data=_described(dataset),
        training={"seed": seed, "recipe": asdict(recipe), "libraries": _libraries()},
        examples=_examples(test),
        parity_houses=_parity_houses(dataset),
    )


class _Steps:
    """Counts the fits and reports each."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def done(self, what: str) -> None:
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total, what)


def _split(dataset: Dataset) -> tuple[Dataset, Dataset]:
    """Return the sales to train on and the later ones to test on."""
    day = dataset.definition.test_from
    if day is None:
        day = dataset.dates[len(dataset) * 4 // 5].item()
    before, test = dataset.split(day)
    if len(before) < FEWEST_SALES or not len(test):
        msg = (
            f"data set {dataset.definition.name!r}: {len(before)} sales before {day} "
            f"and {len(test)} from it on; expected {FEWEST_SALES} to train on and "
            "some to test on"
        )
        raise DatasetError(msg)
    return before, test


def _fit(sales: Dataset, recipe: Recipe, seed: int, step: _Steps) -> Fitted:
    """Calibrate on the last days with a model of the days before; then fit to all."""
    interval = _calibrated(sales, recipe, seed, step)
    return Fitted(_fit_each(ESTIMATES, sales, recipe, seed, step), interval)


def _calibrated(sales: Dataset, recipe: Recipe, seed: int, step: _Steps) -> Interval:
    start = sales.last_day - timedelta(days=CALIBRATION_DAYS - 1)
    before, held = sales.split(start)
    if len(held) < FEWEST_CALIBRATION_SALES or len(before) < len(held):
        before, held = sales.split(sales.dates[len(sales) * 4 // 5].item())
    fitted = _fit_each(ESTIMATES[1:], before, recipe, seed, step)
    low, high = pipelines.predict(fitted, held.houses).T
    below, above = calibration.corrections(low, high, np.log(held.prices), recipe.level)
    return Interval(
        level=recipe.level,
        method=calibration.METHOD,
        below=below,
        above=above,
        calibrated_on=(held.first_day, held.last_day),
        n=len(held),
    )


def _fit_each(
    estimates: Sequence[str], sales: Dataset, recipe: Recipe, seed: int, step: _Steps
) -> tuple[Pipeline, ...]:
    fitted = []
    for estimate in estimates:
        pipeline = pipelines.build(sales.schema, recipe, estimate, seed)
        fitted.append(pipeline.fit(sales.houses, np.log(sales.prices)))
        step.done(f"{estimate} on {len(sales)} sales")
    return tuple(fitted)


def _prices(fitted: Fitted, sales: Dataset) -> NDArray[np.int64]:
    """Return price, low and high of each sale, shape (n_sales, 3)."""
    raw = pipelines.predict(fitted.pipelines, sales.houses).tolist()
    below, above = fitted.interval.below, fitted.interval.above
    return np.array([calibration.price_range(row, below, above) for row in raw])


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
    }


def _libraries() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "pandas", "scikit-learn")}


def _examples(test: Dataset) -> tuple[dict[str, Any], ...]:
    """Return sales of the test period from cheap to dear, one a price quintile."""
    by_price = np.argsort(test.prices, kind="stable")
    count = min(_EXAMPLES, len(test))
    at = [by_price[len(test) * (2 * i + 1) // (2 * count)] for i in range(count)]
    return tuple(
        {
            "house": test.house(row),
            "sold_for": round(float(test.prices[row])),
            "sold_on": str(test.dates[row]),
        }
        for row in at
    )


def _parity_houses(dataset: Dataset) -> tuple[dict[str, Any], ...]:
    """Return real houses, and the first with every value unknown or missing."""
    count = min(_PARITY_ROWS, len(dataset))
    rows = np.linspace(0, len(dataset) - 1, count).astype(int)
    houses = [dataset.house(int(row)) for row in rows]
    unknown = {
        feature.name: "\N{REPLACEMENT CHARACTER}"
        for feature in dataset.schema.features
        if feature.kind == "category"
    }
    gaps = [{**houses[0], name: None} for name in dataset.schema.names]
    empty = dict.fromkeys(dataset.schema.names)
    return (*houses, {**houses[0], **unknown}, {**empty, **unknown}, empty, *gaps)

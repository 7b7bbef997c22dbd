"""Training: sales in, a measured and calibrated artifact out.

The recipe is the first, plain one: gradient boosting on log price with a calibrated
range. The market index, the features of neighbour sales and the model of the spread
belong to the full recipe: they enter in `_Fits.model` (what a model is made of) and
`_Fits.interval` (how its range is made honest).
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

from model_store import calibration, evaluation, pipelines, samples
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

#: Fewest sales for a calibration at the usual 90 %: with fewer than 19 the correction
#: is a guess. A table with fewer in its last two months takes its last fifth.
FEWEST_CALIBRATION_SALES = 40

#: Share of the sales, the last by date, that is held out where no dates say it.
HELD_SHARE = 0.2

#: Fewest sales that a model is trained on.
FEWEST_SALES = 200

#: Fits of a whole training: two for the calibration and three for the model, first
#: on the sales before the test period, then on all.
FITS = 10


@dataclass(frozen=True, slots=True)
class Fitted:
    """Pipelines in the order of `ESTIMATES`, with the calibration of their range."""

    pipelines: tuple[Pipeline, ...]
    interval: Interval

    def prices(self, sales: Dataset) -> NDArray[np.int64]:
        """Return price, low and high of each sale, shape (n_sales, 3)."""
        raw = pipelines.predict(self.pipelines, sales.houses).tolist()
        below, above = self.interval.below, self.interval.above
        return np.array([calibration.price_range(row, below, above) for row in raw])


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
        progress: Told about each fit.

    Raises:
        DatasetError: There are too few sales to train, calibrate and test.
    """
    fits = _Fits(recipe or Recipe(), seed, progress)
    before, test = _split(dataset)
    # Two OpenMP threads beside other load take ten times as long as one
    # (scikit-learn#30662).
    with threadpool_limits(limits=1):
        figures = evaluation.measure(fits.model(before).prices(test), test.prices)
        final = fits.model(dataset)
    period = {
        "trained_to": str(before.last_day),
        "tested_from": str(test.first_day),
        "tested_to": str(test.last_day),
    }
    return Artifact(
        name=name or dataset.definition.name,
        trained_at=trained_at,
        schema=dataset.schema,
        currency=dataset.definition.currency,
        as_of=dataset.last_day,
        pipelines=final.pipelines,
        interval=final.interval,
        metrics=period | figures,
        data=_described(dataset),
        training={
            "seed": seed,
            "recipe": asdict(fits.recipe),
            "libraries": _libraries(),
        },
        examples=samples.examples(test),
        parity_houses=samples.parity(dataset),
    )


class _Fits:
    """Fits models by one recipe and counts the fits."""

    def __init__(self, recipe: Recipe, seed: int, progress: Progress | None) -> None:
        self.recipe = recipe
        self._seed = seed
        self._progress = progress
        self._done = 0

    def model(self, sales: Dataset) -> Fitted:
        """Calibrate a model of the earlier days on the last; then fit one to all."""
        interval = self.interval(sales)
        return Fitted(self._each(ESTIMATES, sales), interval)

    def interval(self, sales: Dataset) -> Interval:
        """Return the calibration of the range for models of all these sales."""
        before, held = _held_for_calibration(sales)
        fitted = self._each(ESTIMATES[1:], before)
        low, high = pipelines.predict(fitted, held.houses).T
        below, above = calibration.corrections(
            low, high, np.log(held.prices), self.recipe.level
        )
        return Interval(
            level=self.recipe.level,
            method=calibration.METHOD,
            below=below,
            above=above,
            calibrated_on=(held.first_day, held.last_day),
            n=len(held),
        )

    def _each(self, estimates: Sequence[str], sales: Dataset) -> tuple[Pipeline, ...]:
        fitted = []
        for estimate in estimates:
            pipeline = pipelines.build(sales.schema, self.recipe, estimate, self._seed)
            fitted.append(pipeline.fit(sales.houses, np.log(sales.prices)))
            self._done += 1
            if self._progress:
                self._progress(self._done, FITS, f"{estimate}, {len(sales):,} sales")
        return tuple(fitted)


def _split(dataset: Dataset) -> tuple[Dataset, Dataset]:
    """Return the sales to train on and the later ones to test on."""
    day = dataset.definition.test_from or dataset.day_at(1 - HELD_SHARE)
    before, test = dataset.split(day)
    if len(before) < FEWEST_SALES or not len(test):
        raise DatasetError(
            f"data set {dataset.definition.name!r}: {len(before)} sales before {day} "
            f"and {len(test)} from it on; expected at least {FEWEST_SALES} to train on "
            "and some to test on"
        )
    return before, test


def _held_for_calibration(sales: Dataset) -> tuple[Dataset, Dataset]:
    """Return the sales to calibrate with and, of the last days, those to do it on."""
    before, held = sales.split(sales.last_day - timedelta(days=CALIBRATION_DAYS - 1))
    if len(held) < FEWEST_CALIBRATION_SALES or len(before) < len(held):
        before, held = sales.split(sales.day_at(1 - HELD_SHARE))
    if len(before) < FEWEST_SALES // 2:
        raise DatasetError(
            f"data set {sales.definition.name!r}: only {len(before)} sales before "
            f"{held.first_day} to calibrate the range with; expected them on more days"
        )
    return before, held


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

"""Replays time: sales arrive month by month, and the pipeline retrains on them."""

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.recipe import evaluation, pipelines, rolling
from model_store.recipe.pipelines import Recipe
from model_store.retraining import gather, trial
from model_store.retraining.fits import Fits
from model_store.retraining.gather import Gathered
from model_store.retraining.pipeline import Order, Retraining
from model_store.retraining.report import Report
from model_store.serving.predictor import Predictor
from model_store.settings import FEWEST_TESTED
from model_store.storage.signing import SigningKey, Trust
from model_store.store import ModelStore


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a replay.

    Attributes:
        month: Such as `2015-03`.
        sales: Sales of the month.
        static: Figures of the first model on them.
        retrained: Figures of the model that priced then.
        version: That model.
        decision: What the retraining at the month's end decided; None: there was none.
        reasons: Why.
    """

    month: str
    sales: int
    static: dict[str, float | int]
    retrained: dict[str, float | int]
    version: str
    decision: str | None
    reasons: Sequence[str]


def simulate(
    sales: Dataset,
    first: dt.date,
    last: dt.date,
    *,
    recipe: Recipe | None = None,
    fewest_tested: int = FEWEST_TESTED,
    told: Callable[[int, int, str], None] = lambda *_: None,
) -> list[Month]:
    """Let months pass, from a first model of what was sold before them.

    Args:
        sales: All of them.
        first: First day of the first month.
        last: First day of the last month.
        recipe: Of every candidate.
        fewest_tested: Sales that a comparison with the champion needs.
        told: Told months done, months in all and the month that passes.

    Raises:
        DatasetError: There are no sales of these months, or no model of those before.
    """
    months = [month for month in _months(first, last) if len(_of(sales, month))]
    if not months:
        raise DatasetError(
            f"no sales from {first:%Y-%m} to {last:%Y-%m}: expected months between "
            f"{sales.first_day:%Y-%m} and {sales.last_day:%Y-%m}"
        )
    with tempfile.TemporaryDirectory() as folder:
        replay = _Replay(sales, Path(folder), recipe, fewest_tested)
        replay.begin(months[0])
        passed = []
        for done, month in enumerate(months):
            told(done, len(months), f"{month:%Y-%m}")
            passed.append(replay.month(month, retrain=month != months[-1]))
        return passed


def record(months: Sequence[Month], made_of: Mapping[str, Any]) -> dict[str, Any]:
    """Return months, and what they were made of, as JSON-ready values."""
    return {"made_of": made_of, "months": [asdict(month) for month in months]}


def ingredients(sales: Dataset, recipe: Recipe, fewest_tested: int) -> dict[str, Any]:
    """Return what decides a replay beside the rules, of which each month tells.

    Figures that were made of other ones are stale.
    """
    return {
        "sales": gather.digest(sales),
        "recipe": asdict(recipe),
        "fewest_tested": fewest_tested,
        "most_sales": pipelines.MOST_SALES,
        "most_in_period": rolling.MOST_IN_PERIOD,
    }


class _Replay:
    """An installation of a store and its retrainings, in which time is told."""

    def __init__(
        self, sales: Dataset, folder: Path, recipe: Recipe | None, fewest_tested: int
    ) -> None:
        self._sales = replace(
            sales, definition=replace(sales.definition, test_from=None)
        )
        self._key = SigningKey.generate()
        self._store = ModelStore(folder, Trust((self._key.public,)))
        self._fits = Fits()
        self._recipe = recipe
        self._fewest_tested = fewest_tested

    def begin(self, month: dt.date) -> None:
        """Train the first model, which is also the one that never changes."""
        report = self._retrain(month)
        if report.version is None:
            raise DatasetError(
                f"no first model of the sales before {month}: "
                + "; ".join(report.verdict.reasons)
            )
        self._static = Predictor.load(self._store, report.version)

    def month(self, month: dt.date, *, retrain: bool) -> Month:
        """Price the sales of a month, then learn from them."""
        champion = Predictor.load(self._store, self._store.resolve("champion"))
        of_month = _of(self._sales, month)
        report = self._retrain(_next(month)) if retrain else None
        return Month(
            month=f"{month:%Y-%m}",
            sales=len(of_month),
            static=evaluation.measure(trial.served(of_month, self._static)),
            retrained=evaluation.measure(trial.served(of_month, champion)),
            version=champion.card.version,
            decision=report.verdict.decision if report else None,
            reasons=report.verdict.reasons if report else (),
        )

    def _retrain(self, day: dt.date) -> Report:
        """Retrain in the morning of a day."""
        known, _ = self._sales.split(day)
        if not len(known):
            raise DatasetError(f"no sales before {day}: expected some to begin with")
        order = Order(
            store=self._store,
            key=self._key,
            gather=lambda: Gathered(known, len(known), 0, 0, 0, 0),
            now=dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC),
            fewest_tested=self._fewest_tested,
        )
        return Retraining(order, fits=self._fits, recipe=self._recipe).run()


def _of(sales: Dataset, month: dt.date) -> Dataset:
    return sales.split(month)[1].split(_next(month))[0]


def _next(month: dt.date) -> dt.date:
    after: dt.date = (np.datetime64(month, "M") + 1).astype("datetime64[D]").item()
    return after


def _months(first: dt.date, last: dt.date) -> list[dt.date]:
    ends = np.datetime64(first, "M"), np.datetime64(last, "M") + 1
    return [one.astype("datetime64[D]").item() for one in np.arange(*ends)]

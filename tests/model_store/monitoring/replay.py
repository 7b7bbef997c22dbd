"""What two models made of the shipped sales of November 2014 to May 2015.

One was fitted to the sales before November and left alone, the other to those before
each month. The ratios are kept beside this module, for fitting takes minutes; this
makes them anew:

    python -m tests.model_store.monitoring.replay
"""

import csv
import datetime as dt
import gzip
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model_store import dataset
from model_store.dataset import Dataset
from model_store.recipe import evaluation, pipelines, rolling
from model_store.recipe.calibration import Forecast
from model_store.recipe.evaluation import Outcome
from model_store.recipe.pipelines import Recipe
from model_store.recipe.rolling import Round

FILE = Path(__file__).with_name("replay.csv.gz")
#: The first four calibrate; from the fifth on prices are compared.
_STARTS = [dt.date(2014 + month // 12, month % 12 + 1, 1) for month in range(6, 17)]
_FIRST = 4
_COLUMNS = ("sold_on", "static", "static_inside", "retrained", "retrained_inside")


@dataclass(frozen=True)
class Replay:
    """Prices over prices paid, by date of sale; every array of shape (n_sales,).

    Attributes:
        sold_on: Date of each sale, datetime64[D].
        static: Price by the model of October 2014, over the price paid.
        static_inside: Whether its range held the price paid.
        retrained: Price by the model of the month before, over the price paid.
        retrained_inside: Whether its range held the price paid.
    """

    sold_on: NDArray[np.datetime64]
    static: NDArray[np.float64]
    static_inside: NDArray[np.bool_]
    retrained: NDArray[np.float64]
    retrained_inside: NDArray[np.bool_]


def read() -> Replay:
    """Return what was kept."""
    with gzip.open(FILE, "rt") as file:
        columns = list(zip(*list(csv.reader(file))[1:], strict=True))
    return Replay(
        np.array(columns[0], dtype="datetime64[D]"),
        np.array(columns[1], dtype=np.float64),
        np.array(columns[2]) == "1",
        np.array(columns[3], dtype=np.float64),
        np.array(columns[4]) == "1",
    )


def _made() -> str:
    recipe = Recipe()
    with threadpool_limits(limits=1):
        rounds = list(
            rolling.roll(
                dataset.load(),
                _STARTS,
                lambda sales: pipelines.fit(sales, recipe, seed=0),
                recipe.level,
            )
        )[_FIRST:]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for one in rounds:
        sales = one.forecast.sales
        static, fresh = _priced(rounds[0], sales), evaluation.outcome(one)
        rows.writerows(zip(sales.dates, *_told(static), *_told(fresh), strict=True))
    return out.getvalue()


def _priced(first: Round, sales: Dataset) -> Outcome:
    raw = pipelines.predict(first.model.pipelines, sales.houses)
    forecast = Forecast(sales, raw)
    return evaluation.outcome(Round(first.model, forecast, first.interval))


def _told(outcome: Outcome) -> tuple[list[str], list[int]]:
    ratios = (outcome.price / outcome.sold).tolist()
    return [f"{ratio:.3f}" for ratio in ratios], outcome.inside.astype(int).tolist()


if __name__ == "__main__":
    FILE.write_bytes(gzip.compress(_made().encode(), mtime=0))

"""Two models that are as good as each other, on the shipped sales from March 2015 on.

Both are fitted anew for each month, one to all sales before it, the other by another
seed and without each fifth of these. Their prices are kept beside this module, for
fitting takes minutes; this makes them anew:

    python -m tests.model_store.retraining.rivals
"""

import csv
import datetime as dt
import gzip
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model_store import dataset
from model_store.dataset import Dataset
from model_store.recipe import evaluation, pipelines, rolling
from model_store.recipe.evaluation import Outcome
from model_store.recipe.pipelines import Fitted, Recipe

FILE = Path(__file__).with_name("rivals.csv.gz")
#: First day of the test, as of the shipped sales.
_FROM = dt.date(2015, 3, 1)
_PARTS = ("price", "low", "high")


def sales() -> Dataset:
    """Return the sales that were priced."""
    return dataset.load().split(_FROM)[1]


def read(sold: NDArray[np.float64]) -> tuple[Outcome, Outcome]:
    """Return what the two models made of the sales.

    Args:
        sold: Prices paid, shape (n_sales,).
    """
    with gzip.open(FILE, "rt") as file:
        ratios = np.array(list(csv.reader(file))[1:], dtype=np.float64).T
    fsd = np.zeros_like(sold)
    one, other = (
        Outcome(sold, price * sold, low * sold, high * sold, fsd)
        for price, low, high in np.split(ratios, 2)
    )
    return one, other


def _made() -> str:
    sides = [_priced(0, lambda sales: sales), _priced(1, _most)]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow([f"{part}_{number}" for number in (1, 2) for part in _PARTS])
    columns = [getattr(side, part) / side.sold for side in sides for part in _PARTS]
    rows.writerows(
        [f"{ratio:.4f}" for ratio in row] for row in zip(*columns, strict=True)
    )
    return out.getvalue()


def _priced(seed: int, known: Callable[[Dataset], Dataset]) -> Outcome:
    recipe, shipped = Recipe(), dataset.load()

    def fit(before: Dataset) -> Fitted:
        return pipelines.fit(known(before), recipe, seed)

    plan = rolling.plan(shipped)
    with threadpool_limits(limits=1):
        rounds = list(rolling.roll(shipped, plan.starts, fit, recipe.level))
    tested = rounds[-plan.tested :]
    return evaluation.joined([evaluation.outcome(one) for one in tested])


def _most(sales: Dataset) -> Dataset:
    """Return four of five sales."""
    rows = np.flatnonzero(np.arange(len(sales)) % 5)
    return replace(
        sales,
        houses=sales.houses.iloc[rows].reset_index(drop=True),
        prices=sales.prices[rows],
        dates=sales.dates[rows],
    )


if __name__ == "__main__":
    FILE.write_bytes(gzip.compress(_made().encode(), mtime=0))

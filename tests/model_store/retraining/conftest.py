"""Every eighth of the shipped sales, and a champion of those before December 2014."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_store import artifact, dataset, training
from model_store.dataset import Dataset
from model_store.recipe.pipelines import Recipe
from model_store.retraining import gather
from model_store.retraining.fits import Fits
from model_store.retraining.pipeline import Order, Retraining
from model_store.retraining.report import Report
from model_store.store import ModelStore
from tests.small_model import KEY, RECIPE, TRUST

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
#: Day before which the champion's sales were.
UNTIL = dt.date(2014, 12, 1)

#: Writes sales as a table with a definition, with further parts of it; returns that.
Write = Callable[..., Path]
#: Retrains on a definition, with other fields of the order.
Retrain = Callable[..., Report]


def broken(report: Report) -> list[str]:
    """Return the rules that were broken; each has a reason."""
    assert len(report.verdict.reasons) == len(
        [rule for rule in report.verdict.rules if not rule.held]
    )
    return [rule.name for rule in report.verdict.rules if not rule.held]


def chosen(sales: Dataset, rows: Any) -> Dataset:
    """Return some of the sales, by what indexes an array."""
    return replace(
        sales,
        houses=sales.houses.iloc[np.arange(len(sales))[rows]].reset_index(drop=True),
        prices=sales.prices[rows],
        dates=sales.dates[rows],
    )


def with_column(write: Write, sales: Dataset, name: str) -> Path:
    """Write sales that have one more column, as a feature."""
    path = write(sales)
    definition = json.loads(path.read_text())
    feature = {
        "name": name,
        "kind": "number",
        "description": "Something.",
        "example": 1,
        "required": False,
    }
    definition["features"].append(feature)
    path.write_text(json.dumps(definition))
    return path


@pytest.fixture(scope="session")
def market() -> Dataset:
    """Return the sales; do not change them."""
    sales = dataset.load().every(8)
    return replace(sales, definition=replace(sales.definition, test_from=None))


@pytest.fixture(scope="session")
def fits() -> Fits:
    """Return the fits of unchanged sales, each made once a session."""
    return Fits()


@pytest.fixture(scope="session")
def old_champion(market: Dataset, fits: Fits) -> dict[str, bytes]:
    """Return the files of the champion, trained once a session."""
    before, _ = market.split(UNTIL)
    trained = training.train(before, seed=0, trained_at=NOW, recipe=RECIPE, fit=fits)
    return artifact.dump(trained, KEY)


@pytest.fixture
def models(tmp_path: Path, old_champion: dict[str, bytes]) -> ModelStore:
    """Return a store of one's own in which the champion serves."""
    store = ModelStore(tmp_path / "models", TRUST)
    store.promote(store.publish(old_champion))
    return store


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a writer of sales."""

    def written(sales: Dataset, **changes: Any) -> Path:
        table = sales.houses.assign(price=sales.prices, date=sales.dates.astype(str))
        table.to_csv(tmp_path / "sales.csv", index=False)
        definition = json.loads(dataset.SHIPPED.read_text())
        for name in ("goals", "id", "test_from"):
            definition.pop(name, None)
        path = tmp_path / "sales.json"
        path.write_text(json.dumps(definition | {"table": "sales.csv"} | changes))
        return path

    return written


@pytest.fixture
def retrain(models: ModelStore, fits: Fits) -> Retrain:
    """Return what retrains in the store, with a small recipe."""

    def retrained(
        definition: Path,
        *,
        recipe: Recipe = RECIPE,
        anew: bool = True,
        **order: Any,
    ) -> Report:
        made = order_of(models, definition, **order)
        # Sales that a test has changed look like the others to what remembers fits.
        return Retraining(made, fits=Fits() if anew else fits, recipe=recipe).run()

    return retrained


def order_of(store: ModelStore, definition: Path, **more: Any) -> Order:
    """Return the order to retrain on a table alone."""
    source = partial(gather.gather, definition, None)
    return Order(store=store, key=KEY, gather=source, now=NOW, **more)


@contextmanager
def unchanged(store: ModelStore) -> Iterator[None]:
    """Make sure that what prices, and all else that aliases say, stays as it is."""
    before = store.aliases()
    yield
    assert store.aliases() == before

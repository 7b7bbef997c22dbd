"""A model of few sales and few trees: trained in two seconds, real in all else."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from model_store import artifact, dataset, training
from model_store.dataset import Dataset
from model_store.pipelines import Recipe
from model_store.store import ModelStore

#: Few trees that learn much each, so that prices differ as those of a real model do.
RECIPE = Recipe(
    trees=20,
    learning_rate=0.2,
    leaf_sales=20,
    spread_trees=10,
    spread_leaf_sales=40,
    folds=2,
)


def sales() -> Dataset:
    """Return the sales that it is fitted to: months hold 35 to 90 of them."""
    return dataset.load().every(25)


def train() -> artifact.Artifact:
    """Train it; always the same."""
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return training.train(sales(), seed=0, trained_at=now, recipe=RECIPE)


def promoted(trained: artifact.Artifact, root: Path) -> ModelStore:
    """Return a new store whose champion it is."""
    store = ModelStore(root)
    with tempfile.TemporaryDirectory() as folder:
        artifact.save(trained, Path(folder))
        store.promote(store.publish(Path(folder)))
    return store

"""A model of few sales and few trees: trained in two seconds, real in all else."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from model_store import artifact, dataset, training
from model_store.pipelines import Recipe
from model_store.store import ModelStore


def train() -> artifact.Artifact:
    """Train it; always the same."""
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    sales = dataset.load().every(25)
    return training.train(sales, seed=0, trained_at=now, recipe=Recipe(trees=20))


def promoted(trained: artifact.Artifact, root: Path) -> ModelStore:
    """Return a new store whose champion it is."""
    store = ModelStore(root)
    with tempfile.TemporaryDirectory() as folder:
        artifact.save(trained, Path(folder))
        store.promote(store.publish(Path(folder)))
    return store

"""Fixtures that every test may use."""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model_store import artifact, dataset, training
from model_store.pipelines import Recipe
from model_store.settings import PREFIX
from model_store.store import ModelStore


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the settings of this machine away from every test."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def small_artifact() -> artifact.Artifact:
    """Return a model of few sales and few trees, trained once a session."""
    sales = dataset.load().every(25)
    recipe = Recipe(trees=20)
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return training.train(sales, seed=0, trained_at=now, recipe=recipe)


@pytest.fixture(scope="session")
def store(
    tmp_path_factory: pytest.TempPathFactory, small_artifact: artifact.Artifact
) -> ModelStore:
    """Return a store with one small champion; do not write to it."""
    store = ModelStore(tmp_path_factory.mktemp("models"))
    with tempfile.TemporaryDirectory() as folder:
        artifact.save(small_artifact, Path(folder))
        store.promote(store.publish(Path(folder)))
    return store

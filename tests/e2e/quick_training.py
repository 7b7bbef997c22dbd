"""Trains as `python -m model_store` does, but few trees on few sales: in seconds."""

from pathlib import Path
from unittest import mock

from model_store import dataset, training
from model_store.cli import cli
from model_store.dataset import Dataset
from model_store.recipe.pipelines import Recipe

_load = dataset.load


def _few_sales(definition: Path) -> Dataset:
    return _load(definition).every(25)


def _few_trees() -> Recipe:
    return Recipe(trees=20, learning_rate=0.2, leaf_sales=20, spread_trees=10, folds=2)


with (
    mock.patch.object(dataset, "load", _few_sales),
    mock.patch.object(training, "Recipe", _few_trees),
):
    cli()

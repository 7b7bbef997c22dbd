"""The model that ships, in a fraction of the time: only what prices is fitted in full.

Its ranges are too wide and its card tells of a poorer model: what a price costs is the
same.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model_store import artifact, dataset, training
from model_store.dataset import Dataset
from model_store.recipe import pipelines
from model_store.recipe.pipelines import Fitted, Recipe
from model_store.storage.signing import SigningKey, Trust
from model_store.store import ModelStore

#: Of the models of single months, by which the model is measured and nothing priced.
_OF_A_MONTH = replace(Recipe(), trees=20, spread_trees=10, folds=2)


def trained(folder: Path) -> ModelStore:
    """Return a store of its own whose champion it is, signed by a key of its own."""
    sales, key = dataset.load(), SigningKey.generate()

    def fit(part: Dataset, recipe: Recipe, *more: Any, **options: Any) -> Fitted:
        fitting = recipe if len(part) == len(sales) else _OF_A_MONTH
        return pipelines.fit(part, fitting, *more, **options)

    now = datetime.now(UTC).replace(microsecond=0)
    made = training.train(sales, seed=0, trained_at=now, fit=fit)
    store = ModelStore(folder, Trust((key.public,)))
    store.promote(store.publish(artifact.dump(made, key)))
    return store

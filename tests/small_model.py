"""A model of few sales and few trees: trained in two seconds, real in all else."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model_store import artifact, dataset, training
from model_store.dataset import Dataset
from model_store.recipe.pipelines import Recipe
from model_store.storage import manifest
from model_store.storage.manifest import CARD, MANIFEST
from model_store.storage.signing import SigningKey, Trust
from model_store.store import ModelStore

#: Signs what tests publish; in memory alone.
KEY = SigningKey.generate()
TRUST = Trust((KEY.public,))
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
    store = ModelStore(root, TRUST)
    store.promote(store.publish(artifact.dump(trained, KEY)))
    return store


def changed(
    files: Mapping[str, bytes], *, key: SigningKey = KEY, **card: Any
) -> dict[str, bytes]:
    """Return files whose card says something else, signed as they are."""
    record = json.loads(files[CARD]) | card
    return signed({**files, CARD: json.dumps(record).encode()}, key=key)


def signed(files: Mapping[str, bytes], *, key: SigningKey = KEY) -> dict[str, bytes]:
    """Return files with a manifest that vouches for them as they are."""
    card = json.loads(files[CARD])
    others = {name: content for name, content in files.items() if name != MANIFEST}
    sealed = manifest.seal(card["name"], card["version"], others, key)
    return others | {MANIFEST: sealed}

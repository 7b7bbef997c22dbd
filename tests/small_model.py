"""A model of few sales and few trees: trained in two seconds, real in all else."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model_store import artifact, dataset, manifest, training
from model_store.manifest import CARD, MANIFEST
from model_store.pipelines import Recipe
from model_store.signing import SigningKey, Trust
from model_store.store import ModelStore

#: Signs what tests publish; in memory alone.
KEY = SigningKey.generate()
TRUST = Trust((KEY.public,))


def train() -> artifact.Artifact:
    """Train it; always the same."""
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    sales = dataset.load().every(25)
    return training.train(sales, seed=0, trained_at=now, recipe=Recipe(trees=20))


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

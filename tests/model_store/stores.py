"""A store in a folder, as its tests look at it."""

from pathlib import Path

from model_store.storage.signing import Trust
from model_store.store import ModelStore
from tests.small_model import TRUST

#: Files of a version by name.
Made = dict[str, bytes]

#: Ids of versions beside the small champion.
SECOND, THIRD = "20200101-00000002", "20200101-00000003"


def root(store: ModelStore) -> Path:
    """Return the folder of a store."""
    return Path(store.url)


def again(store: ModelStore, trust: Trust = TRUST) -> ModelStore:
    """Return the store as another process sees it, with nothing in memory."""
    return ModelStore(store.url, trust)


def left_in(store: ModelStore) -> set[str]:
    """Return what lies in a store beside its lock."""
    return {path.name for path in root(store).iterdir()} - {".lock"}

"""The collector of garbage leaves alone what stays loaded, and finds what does not."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from model_store.store import ModelStore
from worker import predictors


@pytest.fixture(autouse=True)
def _unfrozen() -> Iterator[None]:
    """Leave nothing that the collector cannot see."""
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_a_loaded_version_is_not_looked_through_for_garbage(store: ModelStore) -> None:
    """Each house that is priced makes objects, and with them the collector's turn."""
    predictor: Any = predictors.load(store, store.resolve("champion"))

    assert all(one is not predictor.card for one in gc.get_objects())


def test_a_version_that_was_dropped_goes_when_the_next_is_loaded(
    store: ModelStore,
) -> None:
    """Even where it holds itself, which the collector alone finds out."""
    version = store.resolve("champion")
    dropped: Any = predictors.load(store, version)
    dropped.itself = dropped
    gone = weakref.ref(dropped)

    del dropped
    assert gone() is not None

    predictors.load(store, version)
    assert gone() is None

"""A store in which anything can be promoted, and a worker's models of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from model_store.storage.signing import Trust
from model_store.store import ModelStore
from tests.worker.predictors.loading import Loader, Told, write_aliases
from worker import predictors
from worker.predictors import Predictors


@pytest.fixture
def told() -> Told:
    """Return who is told of every load."""
    return Told()


@pytest.fixture
def loader() -> Loader:
    """Return a loader with an open gate."""
    loader = Loader()
    loader.gate.set()
    return loader


@pytest.fixture
def promote(tmp_path: Path) -> Callable[[str], None]:
    """Return a function that makes a name the champion, without files behind it."""
    aliases: dict[str, Any] = {"generation": 0, "champion": None, "previous": None}

    def promote(version: str) -> None:
        aliases["previous"] = aliases["champion"]
        aliases["champion"] = version
        aliases["generation"] += 1
        write_aliases(tmp_path, aliases)

    return promote


@pytest.fixture
def made(
    tmp_path: Path, loader: Loader, told: Told, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Predictors]]:
    """Return a maker of models of a store in which anything can be promoted."""
    monkeypatch.setattr(predictors, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(predictors, "_AGAIN_S", 0.01)
    all_made: list[Predictors] = []

    def make(**further: Any) -> Predictors:
        store = ModelStore(tmp_path, Trust())
        all_made.append(Predictors(store, loader, told, **further))
        return all_made[-1]

    yield make
    loader.gate.set()
    for one in all_made:
        one.stop()


@pytest.fixture
def models(made: Callable[..., Predictors]) -> Predictors:
    """Return the models of a worker."""
    return made()

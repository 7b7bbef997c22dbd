"""A champion that is damaged takes nobody's place."""

import dataclasses
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model_store.aliases import Aliases
from model_store.errors import ModelStoreError
from model_store.store import ModelStore
from tests import damage
from tests.patience import wait_until
from tests.small_model import TRUST, changed
from worker import predictors
from worker.predictors import Predictors

SECOND = "20200101-00000002"


@pytest.fixture
def root(tmp_path: Path, made: dict[str, bytes]) -> Path:
    """Return a store with a sound champion."""
    store = ModelStore(tmp_path, TRUST)
    store.promote(store.publish(made))
    return tmp_path


class Unheard:
    """Hears what became of each load, and keeps none of it."""

    def loaded(self, version: str, /) -> None:
        """Hear of a load."""

    def refused(self, version: str, reason: str, /) -> None:
        """Hear of a refusal."""


@pytest.fixture
def models(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Predictors]:
    """Return what a worker has loaded of that store."""
    monkeypatch.setattr(predictors, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(predictors, "_AGAIN_S", 0.01)
    models = Predictors(ModelStore(root, TRUST), predictors.load, Unheard())
    models.start()
    wait_until(lambda: models.ready)
    yield models
    models.stop()


@pytest.mark.parametrize("kind", damage.KINDS)
def test_the_old_model_prices_on_beside_a_damaged_one(
    root: Path,
    models: Predictors,
    made: dict[str, bytes],
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    """The log says once what is wrong, and a sound version comes in later."""
    aliases = ModelStore(root, TRUST).aliases()
    sound = changed(made, version=SECOND)
    # The store itself refuses to promote it: damage comes afterwards, or by others.
    _put(root, damage.KINDS[kind](sound))
    _promote(root, dataclasses.replace(aliases, champion=SECOND, generation=2))
    caplog.set_level(logging.INFO)

    wait_until(lambda: "champion_not_loaded" in caplog.text)

    assert models.ready
    assert models.request(str(aliases.champion)).result(0).predict([_house(root)])
    with pytest.raises(ModelStoreError, match=SECOND):
        models.request(SECOND).result(5)
    assert caplog.text.count("champion_not_loaded") == 1

    shutil.rmtree(root / SECOND)
    ModelStore(root, TRUST).publish(sound)
    wait_until(lambda: f"champion_loaded version={SECOND}" in caplog.text)
    assert models.request(SECOND).result(0).predict([_house(root)])


def _put(root: Path, files: damage.Files) -> None:
    (root / SECOND).mkdir()
    for name, content in files.items():
        (root / SECOND / name).write_bytes(content)


def _promote(root: Path, aliases: Aliases) -> None:
    (root / "new").write_bytes(aliases.to_json())
    (root / "new").rename(root / "aliases.json")


def _house(root: Path) -> dict[str, Any]:
    store = ModelStore(root, TRUST)
    return dict(store.card(store.versions()[0]).schema.example)

"""The models in a worker's memory."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from model_store.store import ModelStore
from worker import predictors
from worker.predictors import Predictors


class Flat:
    """Prices every house the same."""

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house."""
        return [{"price": 1} for _ in houses]


@pytest.fixture
def promoted(tmp_path: Path) -> ModelStore:
    """Return a store whose champion is a name only."""
    aliases = '{"generation":1,"champion":"v1","challenger":null,"previous":null}'
    (tmp_path / "aliases.json").write_text(aliases, encoding="utf-8")
    return ModelStore(tmp_path)


def test_a_champion_whose_load_fails_in_any_way_is_tried_again(
    promoted: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that follows the champion outlives errors that nobody foresaw."""
    monkeypatch.setattr(predictors, "_LOOK_EVERY_S", 0.01)
    tries = []

    def load(store: ModelStore, version: str) -> Flat:
        tries.append(version)
        if len(tries) < 3:
            raise RuntimeError("no memory left for threads")
        return Flat()

    loaded = Predictors(promoted, load)
    loaded.start()
    try:
        end = time.monotonic() + 5
        while not loaded.ready and time.monotonic() < end:
            time.sleep(0.01)
        assert loaded.ready
        assert tries == ["v1"] * 3
    finally:
        loaded.stop()

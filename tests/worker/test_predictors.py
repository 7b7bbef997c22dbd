"""The models in a worker's memory."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from model_store.errors import UnknownModel
from model_store.store import ModelStore
from tests.patience import wait_until
from worker import predictors
from worker.predictors import Predictors


@dataclass
class Flat(predictors.Pricing):
    """Prices every house the same."""

    version: str

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house."""
        return [{"by": self.version} for _ in houses]


@dataclass
class Loader:
    """Loads any version, but for those that it is told to fail."""

    loads: list[str] = field(default_factory=list)
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    #: Set while loads may go on.
    gate: threading.Event = field(default_factory=threading.Event)

    def __call__(self, store: ModelStore, version: str) -> Flat:
        """Load a version."""
        del store
        self.loads.append(version)
        self.gate.wait(5)
        if self.failures.get(version):
            raise self.failures[version].pop()
        return Flat(version)


@pytest.fixture
def loader() -> Loader:
    """Return a loader with an open gate."""
    loader = Loader()
    loader.gate.set()
    return loader


@pytest.fixture
def promote(tmp_path: Path) -> Callable[[str], None]:
    """Return a function that makes a name the champion, without files behind it."""

    def promote(version: str) -> None:
        aliases = {"generation": 1, "champion": version}
        fresh = tmp_path / "new"
        fresh.write_text(json.dumps(aliases), encoding="utf-8")
        fresh.rename(tmp_path / "aliases.json")

    return promote


@pytest.fixture
def models(
    tmp_path: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Predictors]:
    """Return the models of a store in which anything can be promoted."""
    monkeypatch.setattr(predictors, "_LOOK_EVERY_S", 0.01)
    models = Predictors(ModelStore(tmp_path), loader)
    yield models
    loader.gate.set()
    models.stop()


def test_without_a_champion_nothing_is_ready(
    models: Predictors, loader: Loader
) -> None:
    """An empty store is waited for, not loaded from."""
    models.start()
    time.sleep(0.05)
    assert not models.ready
    assert loader.loads == []


def test_the_champion_is_loaded_without_being_asked_for(
    models: Predictors, loader: Loader, promote: Callable[[str], None]
) -> None:
    """A worker is ready before its first job comes."""
    models.start()
    promote("v1")
    wait_until(lambda: models.ready)
    assert loader.loads == ["v1"]


def test_the_old_champion_prices_until_the_new_one_is_loaded(
    models: Predictors, loader: Loader, promote: Callable[[str], None]
) -> None:
    """A promotion stops no worker."""
    promote("v1")
    models.start()
    wait_until(lambda: models.ready)
    loader.gate.clear()
    promote("v2")
    wait_until(lambda: "v2" in loader.loads)
    assert models.ready
    assert models.request("v1").result(0).predict([{}]) == [{"by": "v1"}]
    loader.gate.set()
    assert models.request("v2").result(5).predict([{}]) == [{"by": "v2"}]


def test_a_version_is_loaded_once_however_often_it_is_asked_for(
    models: Predictors, loader: Loader
) -> None:
    """Requests share the promise of one load."""
    assert len({models.request("v1") for _ in range(3)}) == 1
    models.request("v1").result(5)
    assert loader.loads == ["v1"]


def test_three_versions_stay_loaded_the_champion_among_them(
    models: Predictors, loader: Loader, promote: Callable[[str], None]
) -> None:
    """The version that was asked for longest ago goes first, never the champion."""
    promote("champion")
    models.start()
    wait_until(lambda: models.ready)
    for version in ("v1", "v2", "v3"):
        models.request(version).result(5)
    del loader.loads[:]
    for version in ("champion", "v2", "v3"):
        models.request(version).result(5)
    assert loader.loads == []
    models.request("v1").result(5)
    assert loader.loads == ["v1"]


def test_a_coming_champion_is_not_dropped_while_it_loads(
    models: Predictors, loader: Loader, promote: Callable[[str], None]
) -> None:
    """Jobs for older versions meanwhile do not make it load twice."""
    promote("v1")
    models.start()
    wait_until(lambda: models.ready)
    loader.gate.clear()
    promote("v2")
    wait_until(lambda: "v2" in loader.loads)
    old = [models.request(version) for version in ("v3", "v4", "v5")]
    loader.gate.set()
    for promise in old:
        promise.result(5)
    models.request("v2").result(5)
    assert loader.loads.count("v2") == 1


def test_a_stop_breaks_the_promises_that_nobody_will_keep(
    models: Predictors, loader: Loader
) -> None:
    """Who waits for one goes on."""
    loader.gate.clear()
    models.request("v1")
    wait_until(lambda: loader.loads == ["v1"])
    waits = models.request("v2")
    models.stop()
    loader.gate.set()
    with pytest.raises(CancelledError):
        waits.result(5)
    assert loader.loads == ["v1"]


def test_a_failed_load_is_forgotten(models: Predictors, loader: Loader) -> None:
    """A version that could not be had may come; the next request tries again."""
    loader.failures["v1"] = [UnknownModel("not yet")]
    with pytest.raises(UnknownModel, match="not yet"):
        models.request("v1").result(5)
    assert models.request("v1").result(5).predict([{}]) == [{"by": "v1"}]


@pytest.mark.parametrize("error", [UnknownModel("not yet"), RuntimeError("no threads")])
def test_a_champion_whose_load_fails_in_any_way_is_tried_again(
    models: Predictors,
    loader: Loader,
    promote: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    """The thread that follows outlives unforeseen errors and keeps their words."""
    loader.failures["v1"] = [error, error]
    promote("v1")
    models.start()
    wait_until(lambda: models.ready)
    assert loader.loads == ["v1"] * 3
    assert ("not yet" in caplog.text) is isinstance(error, UnknownModel)
    assert "no threads" not in caplog.text
    assert "champion_not_loaded" in caplog.text


def test_a_load_that_does_not_end_hangs_after_a_minute(
    tmp_path: Path, loader: Loader
) -> None:
    """Its time counts from when it began; one that waits in line has none."""
    now = [0.0]
    models = Predictors(ModelStore(tmp_path), loader, clock=lambda: now[0])
    try:
        loader.gate.clear()
        first = models.request("v1")
        wait_until(lambda: loader.loads == ["v1"])
        for now[0], hangs in ((60.0, False), (61.0, True)):
            assert models.hang is hangs
        second = models.request("v2")
        loader.gate.set()
        for promise in (first, second):
            promise.result(5)
        assert not models.hang
    finally:
        models.stop()


def test_an_unloadable_version_says_so_for_every_house() -> None:
    """So the pricing of its jobs ends in their failure."""
    with pytest.raises(predictors.CannotPrice, match="gone"):
        predictors.Unloadable("gone").predict([{}])

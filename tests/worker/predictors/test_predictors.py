"""The champion prices, and what old jobs ask for is there."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from model_store.aliases import Aliases
from model_store.errors import ArtifactError, StoreError, UnknownModel
from model_store.storage.signing import Trust
from model_store.store import ModelStore
from tests.clock import Clock
from tests.patience import wait_until
from tests.worker.predictors.loading import Loader, Told
from worker import predictors
from worker.predictors import Predictors


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


def _half_way(
    models: Predictors, loader: Loader, promote: Callable[[str], None]
) -> None:
    """Let `v1` price while `v2`, which was promoted, is being loaded."""
    promote("v1")
    models.start()
    wait_until(lambda: models.ready)
    loader.gate.clear()
    promote("v2")
    wait_until(lambda: "v2" in loader.loads)


def test_the_old_champion_prices_until_the_new_one_is_loaded(
    models: Predictors, loader: Loader, promote: Callable[[str], None]
) -> None:
    """A promotion stops no worker."""
    _half_way(models, loader, promote)
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
    _half_way(models, loader, promote)
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


def test_the_coming_champion_is_loaded_before_what_old_jobs_ask_for(
    models: Predictors, loader: Loader, promote: Callable[[str], None]
) -> None:
    """A promotion is followed within seconds, however many versions are waited for."""
    loader.takes_s = 0.05
    loader.gate.clear()
    old = [models.request(version) for version in ("v1", "v2", "v3")]
    wait_until(lambda: loader.loads == ["v1"])
    promote("v4")
    models.start()
    time.sleep(0.05)
    loader.gate.set()
    for promise in old:
        promise.result(5)
    # The first was under way, and a second may be before the aliases are read.
    assert loader.loads.index("v4") <= 2


def test_every_load_is_reported(models: Predictors, loader: Loader, told: Told) -> None:
    """With the store's own words, but for what passes by itself."""
    loader.failures = {
        "damaged": [ArtifactError("its digest differs")],
        "gone": [UnknownModel("no such folder")],
        "strange": [RuntimeError("secret")],
        "away": [StoreError("no disk")],
    }
    for version in (*loader.failures, "sound"):
        with contextlib.suppress(Exception):
            models.request(version).result(5)
    reports = dict(told.reports)
    assert reports["damaged"] == "its digest differs"
    assert reports["gone"] == "no such folder"
    assert (reports["strange"] or "").startswith("RuntimeError")
    assert "secret" not in str(told.reports)
    assert "away" not in reports
    assert reports["sound"] is None


def test_a_champion_that_was_loaded_long_ago_is_news(
    models: Predictors, told: Told, promote: Callable[[str], None]
) -> None:
    """The API waits until the workers have taken it up again, as after a rollback."""
    promote("v1")
    models.start()
    wait_until(lambda: ("v1", None) in told.reports)
    promote("v2")
    wait_until(lambda: ("v2", None) in told.reports)
    promote("v1")
    wait_until(lambda: told.reports.count(("v1", None)) == 2)

    assert told.reports == [("v1", None), ("v2", None), ("v1", None)]


def test_a_refused_champion_leaves_the_one_before_at_work(
    models: Predictors, loader: Loader, promote: Callable[[str], None]
) -> None:
    """It goes on pricing, and nothing else is loaded in its place."""
    promote("v1")
    models.start()
    wait_until(lambda: models.ready)
    loader.failures["v2"] = [ArtifactError("damaged") for _ in range(100)]
    promote("v2")
    wait_until(lambda: loader.loads.count("v2") >= 2)
    assert models.ready
    assert models.request("v1").result(0).predict([{}]) == [{"by": "v1"}]
    assert loader.loads.count("v1") == 1


def test_a_new_worker_takes_the_champion_before_while_the_champion_is_refused(
    models: Predictors, loader: Loader, promote: Callable[[str], None]
) -> None:
    """Otherwise a restart would end the service."""
    promote("v1")
    promote("v2")
    loader.failures["v2"] = [ArtifactError("damaged") for _ in range(3)]
    models.start()
    wait_until(lambda: models.ready)
    assert loader.loads[:2] == ["v2", "v1"]
    wait_until(lambda: loader.loads.count("v2") == 4)
    models.request("v2").result(5)
    assert loader.loads.count("v1") == 1


def test_a_refused_champion_is_tried_ever_more_seldom(
    tmp_path: Path,
    loader: Loader,
    told: Told,
    promote: Callable[[str], None],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A load costs seconds of CPU; another promotion is a reason to try at once."""
    monkeypatch.setattr(predictors, "_LOOK_EVERY_S", 0.001)
    store, looks = ModelStore(tmp_path, Trust()), list[None]()
    sound = store.aliases

    def look() -> Aliases:
        looks.append(None)
        return sound()

    monkeypatch.setattr(store, "aliases", look)

    def tries() -> int:
        # Two more looks: whatever came before them has been thought over.
        seen = len(looks)
        wait_until(lambda: len(looks) >= seen + 2)
        return loader.loads.count("v2")

    loader.failures["v2"] = [ArtifactError("damaged") for _ in range(100)]
    promote("v1")
    promote("v2")
    models = Predictors(store, loader, told, clock=clock)
    try:
        models.start()
        wait_until(lambda: models.ready)
        for number, pause_s in enumerate((1, 2, 4, 8, 16, 30, 30), start=1):
            assert tries() == number
            clock.seconds += pause_s - 0.5
            assert tries() == number
            clock.seconds += 0.5
        assert tries() == 8
        promote("v1")
        promote("v2")
        assert tries() == 9
    finally:
        models.stop()


def test_a_version_that_cannot_be_had_takes_no_others_place(
    models: Predictors, loader: Loader
) -> None:
    """Three stay loaded beside it."""
    loader.failures["damaged"] = [ArtifactError("x")]
    kept = ("v1", "v2", "v3")
    for version in kept:
        models.request(version).result(5)
    with pytest.raises(ArtifactError):
        models.request("damaged").result(5)
    for version in kept[1:]:
        models.request(version).result(5)
    assert loader.loads == [*kept, "damaged"]
    models.request("v4").result(5)
    models.request("v3").result(5)
    assert loader.loads == [*kept, "damaged", "v4"]


def test_an_unloadable_version_says_so_for_every_house() -> None:
    """So the pricing of its jobs ends in their failure."""
    with pytest.raises(predictors.CannotPrice, match="gone"):
        predictors.Unloadable("gone").predict([{}])

"""A challenger is loaded where it has something to do, after the champion."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from model_store.errors import ArtifactError
from tests.patience import wait_until
from tests.worker.predictors.loading import Flat, Loader, Told, write_aliases
from worker.predictors import Predictors


@pytest.fixture
def challenge(tmp_path: Path, promote: Callable[[str], None]) -> Callable[..., None]:
    """Return a function that names a challenger beside the champion `a`."""

    def challenge(version: str | None, share: float = 0) -> None:
        promote("a")
        text = (tmp_path / "aliases.json").read_bytes()
        aliases = {**json.loads(text), "challenger": version, "share": share}
        write_aliases(tmp_path, aliases)

    return challenge


@pytest.fixture
def shadowing(made: Callable[..., Predictors]) -> Predictors:
    """Return models of a worker that prices for the challenger too."""
    return made(has_shadows=True)


def test_a_challenger_is_loaded_after_the_champion(
    shadowing: Predictors, loader: Loader, challenge: Callable[..., None]
) -> None:
    """Without being asked for, and let go when there is none any more."""
    challenge("b")
    shadowing.start()

    wait_until(lambda: shadowing.challenger is not None)
    assert shadowing.challenger == ("b", Flat("b"))
    assert loader.loads == ["a", "b"]

    challenge(None)
    wait_until(lambda: shadowing.challenger is None)


def test_a_challenger_that_does_nothing_takes_no_memory(
    models: Predictors, loader: Loader, challenge: Callable[..., None]
) -> None:
    """It is loaded where it has a share, or is compared."""
    challenge("b")
    models.start()
    wait_until(lambda: models.ready)
    challenge("b", 5)

    wait_until(lambda: models.challenger is not None)
    assert loader.loads == ["a", "b"]


def test_a_challenger_that_is_refused_is_not_tried_at_every_look(
    shadowing: Predictors,
    loader: Loader,
    told: Told,
    challenge: Callable[..., None],
) -> None:
    """The champion prices on, and another challenger is tried at once."""
    loader.failures["b"] = [ArtifactError("damaged") for _ in range(9)]
    challenge("b")
    shadowing.start()
    wait_until(lambda: ("b", "damaged") in told.reports)
    challenge("c")

    wait_until(lambda: shadowing.challenger is not None)
    assert loader.loads == ["a", "b", "c"]
    assert shadowing.ready

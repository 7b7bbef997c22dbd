"""The product's Celery application with models that take their time, or their process.

`celery -A tests.chaos.stand_in worker` has a cheap model whose every price can be
checked; a house with `kills` ends its process. `tests.chaos.stand_in:slow` has the
trained model, slowed down, so that a fault meets jobs in hand.
"""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

from model_store.store import ModelStore
from tests.chaos import houses as supply
from tests.chaos.settings import ChaosSettings
from worker import predictors
from worker.celery import create_celery


class StandIn(predictors.Pricing):
    """Prices a house by its serial number."""

    def __init__(self, settings: ChaosSettings) -> None:
        self._house_s = settings.house_ms / 1000
        self._starts = settings.starts_file

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house, in the order of the houses."""
        for house in houses:
            if house.get("kills"):
                self._end_process(house["serial"])
        time.sleep(len(houses) * self._house_s)
        return [supply.right_output(house["serial"]) for house in houses]

    def _end_process(self, serial: int) -> None:
        if self._starts:
            with self._starts.open("ab", buffering=0) as file:
                file.write(b"%d\n" % serial)
        os.kill(os.getpid(), signal.SIGKILL)


class SlowReal(predictors.Pricing):
    """Prices by the trained model, as slowly as the stand-in."""

    def __init__(self, model: predictors.Pricing, house_s: float) -> None:
        self._model = model
        self._house_s = house_s

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house, in the order of the houses."""
        time.sleep(len(houses) * self._house_s)
        return self._model.predict(houses)


def load(store: ModelStore, version: str) -> StandIn:
    """Return the stand-in for any version."""
    del store, version
    return StandIn(settings)


def load_slow(store: ModelStore, version: str) -> SlowReal:
    """Return a trained version, slowed down."""
    return SlowReal(predictors.load(store, version), settings.house_ms / 1000)


settings = ChaosSettings.from_env()
app = create_celery(settings, load_predictor=load)
slow = create_celery(settings, load_predictor=load_slow)

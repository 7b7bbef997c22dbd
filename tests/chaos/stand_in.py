"""The product's Celery application with a cheap model whose every price can be checked.

`celery -A tests.chaos.stand_in worker ...`; a house with `kills` ends its process.
"""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

from model_store.store import ModelStore
from tests.chaos import houses as supply
from tests.chaos.settings import ChaosSettings
from worker.celery import create_celery


class StandIn:
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


def load(store: ModelStore, version: str) -> StandIn:
    """Return the stand-in for any version."""
    del store, version
    return StandIn(settings)


settings = ChaosSettings.from_env()
app = create_celery(settings, load_predictor=load)

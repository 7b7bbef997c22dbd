"""Celery applications of the product with a model whose behaviour a house can ask for.

`celery -A tests.system.stand_in worker` batches as the product does,
`celery -A tests.system.stand_in:stock worker` is a stock Celery worker.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from model_store.store import ModelStore
from tests.second_version import SECOND
from worker.celery import create_celery
from worker.predictors import Pricing
from worker.settings import WorkerSettings

#: Seconds that loading a version takes.
_LOADS_S = {SECOND: 1.5, "late": 0.5, "slow": 3, "hanging": 3600}
#: How often this process has loaded each version.
_loads: Counter[str] = Counter()


class StandIn(Pricing):
    """Prices a house at its `number`; `sleep_s`, `raise`, `kills` do what they say."""

    def __init__(self, version: str) -> None:
        _loads[version] += 1
        self._model = {"version": version, "loads": _loads[version]}

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house, in the order of the houses."""
        if any(house.get("kills") for house in houses):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(max(house.get("sleep_s", 0) for house in houses))
        if any(house.get("raise") for house in houses):
            raise ValueError("asked for")
        return [
            {
                "price": house["number"],
                "interval": {"low": 0, "high": 1, "level": 0.9},
                "fsd": 0.1,
                "in_distribution": True,
                "batch": len(houses),
                "model": self._model.copy(),
            }
            for house in houses
        ]


def load(store: ModelStore, version: str) -> StandIn:
    """Return the stand-in for any version but `broken`; some take their time."""
    del store
    time.sleep(_LOADS_S.get(version, 0))
    if version == "broken":
        raise RuntimeError("asked for")
    return StandIn(version)


settings = WorkerSettings.from_env()
app = create_celery(settings, load_predictor=load)
stock = create_celery(settings, load_predictor=load, batching=False)

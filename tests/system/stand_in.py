"""Celery applications of the product with a model whose behaviour a house can ask for.

`celery -A tests.system.stand_in worker` batches as the product does,
`celery -A tests.system.stand_in:stock worker` is a stock Celery worker.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from model_store.store import ModelStore
from worker.celery import create_celery
from worker.settings import WorkerSettings


class StandIn:
    """Prices a house at its `number`; `sleep_s` and `raise` in it do what they say."""

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house, in the order of the houses."""
        time.sleep(max(house.get("sleep_s", 0) for house in houses))
        if any(house.get("raise") for house in houses):
            raise ValueError("asked for")
        return [{"price": house["number"], "batch": len(houses)} for house in houses]


def load(store: ModelStore, version: str) -> StandIn:
    """Return the stand-in for any version but `broken`; `slow` takes its time."""
    del store
    time.sleep(3 if version == "slow" else 0)
    if version == "broken":
        raise RuntimeError("asked for")
    return StandIn()


settings = WorkerSettings.from_env()
app = create_celery(settings, load_predictor=load)
stock = create_celery(settings, load_predictor=load, batching=False)

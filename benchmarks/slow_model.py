"""A model that waits for something, such as an accelerator, at each call."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from model_store.store import ModelStore
from worker.predictors import Pricing

#: Seconds that a call waits, however many houses it gets.
BATCH_S = 0.02


class SlowModel(Pricing):
    """Prices every house alike, after a while.

    Args:
        wait_s: Seconds that a call waits.
    """

    def __init__(self, wait_s: float = BATCH_S) -> None:
        self._wait_s = wait_s

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Wait, then return one output a house."""
        time.sleep(self._wait_s)
        return [{"price": 1, "currency": "USD", "model": {}} for _ in houses]


def load(_store: ModelStore, _version: str) -> SlowModel:
    """Load nothing."""
    return SlowModel()

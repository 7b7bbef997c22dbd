"""One house in the predictor against the three pipelines that hold the same steps."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.tutorial.model import Model
from model_store import artifact
from model_store.serving.estimates import Direct, Piped
from model_store.serving.predictor import Predictor

#: Calls of the predictor for each call of the pipelines: both run with warm caches.
_CALLS = 20


@dataclass(frozen=True, slots=True)
class SingleHouse:
    """What one house costs each way."""

    pipelines_us: float
    predictor_us: float
    #: Whether every estimate and every output was the same, to the last bit.
    exact: bool
    houses: int

    @property
    def ratio(self) -> float:
        """The predictor's cost as a share of the pipelines'."""
        return self.predictor_us / self.pipelines_us


def measure(
    files: Mapping[str, bytes], houses: Sequence[dict[str, Any]]
) -> SingleHouse:
    """Price houses one at a time, both ways in turn, and compare.

    Args:
        files: A model version's.
        houses: Each is priced once by the pipelines.
    """
    with threadpool_limits(limits=1):
        loaded = artifact.load(files)
        model, predictor = Model(files), Predictor(loaded)
        direct = Direct(loaded.pipelines, loaded.card.schema)
        piped = Piped(loaded.pipelines, loaded.card.schema)
        slow, fast, exact = [], [], predictor.exact
        for at, house in enumerate(houses):
            slow.append(_cpu_us(model.predict, house))
            for other in range(_CALLS):
                again = houses[(at + other) % len(houses)]
                fast.append(_cpu_us(lambda one: predictor.predict([one]), again))
            exact &= np.array_equal(direct.raw([house]), piped.raw([house]))
            exact &= predictor.predict([house]) == [model.predict(house)]
    return SingleHouse(
        statistics.median(slow), statistics.median(fast), exact, len(houses)
    )


def _cpu_us(price: Callable[[dict[str, Any]], object], house: dict[str, Any]) -> float:
    began = time.thread_time()
    price(house)
    return 1e6 * (time.thread_time() - began)

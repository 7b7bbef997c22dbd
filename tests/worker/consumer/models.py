"""Models that load when a test says so, and what the tests are given."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_store.store import ModelStore
from worker import consumer, predictors
from worker.jobs import Job

Run = Callable[..., consumer.BatchConsumer]
Submit = Callable[..., Job]
StateOf = Callable[[Job], Job]


class Flat(predictors.Pricing):
    """Prices every house the same."""

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Return one output per house."""
        return [{"price": 1, "model": {}} for _ in houses]


@dataclass
class Models:
    """Loads any version, but another than the champion as a test says."""

    champion: str
    #: Set while the others may be loaded.
    gate: threading.Event = field(default_factory=threading.Event)
    #: What loading one of them raises.
    error: Exception | None = None
    loads: list[str] = field(default_factory=list)

    def __call__(self, store: ModelStore, version: str) -> Flat:
        """Load a version."""
        del store
        self.loads.append(version)
        if version != self.champion:
            self.gate.wait(10)
            if self.error:
                raise self.error
        return Flat()

"""What stands in for a model, for who loads it and for who is told of that."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model_store.store import ModelStore
from worker import predictors


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
    #: Seconds that each load takes after that.
    takes_s: float = 0.0

    def __call__(self, store: ModelStore, version: str) -> Flat:
        """Load a version."""
        del store
        self.loads.append(version)
        self.gate.wait(5)
        time.sleep(self.takes_s)
        if self.failures.get(version):
            raise self.failures[version].pop()
        return Flat(version)


@dataclass
class Told:
    """Keeps what is reported of loads."""

    #: In the order of the reports: a version, and why it was refused if it was.
    reports: list[tuple[str, str | None]] = field(default_factory=list)

    def loaded(self, version: str, /) -> None:
        """Note a load."""
        self.reports.append((version, None))

    def refused(self, version: str, reason: str, /) -> None:
        """Note a refusal."""
        self.reports.append((version, reason))


def write_aliases(folder: Path, aliases: Mapping[str, Any]) -> None:
    """Write who has which post into a store, whole at any moment."""
    fresh = folder / "new"
    fresh.write_text(json.dumps(aliases), encoding="utf-8")
    fresh.rename(folder / "aliases.json")

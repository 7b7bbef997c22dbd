"""Writes down what a worker counted of the houses that it priced, beside its work."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import redis

from model_store import logs
from worker.outage import words_of
from worker.seen import SeenHouses

#: Seconds between two writes: however many batches there are, Redis takes one of them.
_EVERY_S = 1.0

_log = logs.logger(__name__)


@runtime_checkable
class Counts(Protocol):
    """What counts the houses that it prices, as a trained model does."""

    def take_counts(self) -> Mapping[int, int]:
        """Return place -> how many houses since the last call."""


class SeenWriter:
    """Keeps which predictors have counted houses, and writes their counts.

    A count is worth no job: what cannot be written is lost, and the log tells so once.

    Args:
        seen: Where counts are added.
        clock: Monotonic seconds.
    """

    def __init__(
        self, seen: SeenHouses, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seen = seen
        self._clock = clock
        self._counted: dict[str, Counts] = {}
        self._written_at = clock()
        self._is_lossy = False

    def note(self, version: str, predictor: object) -> None:
        """Note that what prices a version has priced houses; some count nothing."""
        if isinstance(predictor, Counts):
            self._counted[version] = predictor

    def write_if_due(self) -> None:
        """Write what was counted, once a second; to be called each turn."""
        if self._counted and self._clock() - self._written_at >= _EVERY_S:
            self.write()

    def write(self) -> None:
        """Write what was counted."""
        self._written_at = self._clock()
        counted, self._counted = self._counted, {}
        for version, predictor in counted.items():
            counts = predictor.take_counts()
            if counts:
                self._add(version, counts)

    def _add(self, version: str, counts: Mapping[int, int]) -> None:
        try:
            self._seen.add(version, counts)
        except redis.RedisError as error:
            if not self._is_lossy:
                self._is_lossy = True
                _log.warning("houses_not_counted", error=words_of(error))
        else:
            self._is_lossy = False

"""Leased jobs whose model version is not loaded yet: the others are priced."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from model_store import logs
from worker.leases import Lease
from worker.predictors import Predictors, Pricing, Unloadable, passes, reason_of

#: Seconds for which a store that cannot be read is asked again, and between two tries.
_PATIENCE_S, _RETRY_S = 30.0, 1.0

_log = logs.logger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """Leased jobs of one model version, and what prices them."""

    leases: Sequence[Lease]
    predictor: Pricing


@dataclass(slots=True)
class _Stay:
    promise: Future[Pricing]
    since: float
    asked: float
    # As they were claimed: one of their houses may end the process, and only a batch
    # as small as its claim corners that house.
    groups: list[Sequence[Lease]] = field(default_factory=list)


class Parking:
    """Keeps a slow or failing load of one version from holding up any other.

    Args:
        models: What the worker has loaded.
        clock: Monotonic seconds.
    """

    def __init__(
        self, models: Predictors, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._models = models
        self._clock = clock
        self._stays: dict[str, _Stay] = {}

    @property
    def leases(self) -> list[Lease]:
        """All jobs that wait here."""
        return [
            lease
            for stay in self._stays.values()
            for group in stay.groups
            for lease in group
        ]

    def admit(self, leases: Sequence[Lease]) -> list[Batch]:
        """Return the jobs that can be priced now, by version; park the others."""
        groups: dict[str, list[Lease]] = {}
        for lease in leases:
            groups.setdefault(lease.version, []).append(lease)
        batches = [self._batch_or_park(*group) for group in groups.items()]
        return [batch for batch in batches if batch is not None]

    def loaded(self) -> list[Batch]:
        """Return parked jobs whose version has been loaded, or cannot be; as claimed.

        Raises:
            StoreError: The store could not be read for as long as jobs may wait here:
                give all of them back, for another worker may reach it.
        """
        batches = []
        for version in [v for v, stay in self._stays.items() if stay.promise.done()]:
            stay = self._stays[version]
            predictor = self._outcome(version, stay)
            if predictor is not None:
                del self._stays[version]
                batches += [Batch(group, predictor) for group in stay.groups]
        return batches

    def clear(self) -> None:
        """Forget all jobs; they have been given back."""
        self._stays.clear()

    def _batch_or_park(self, version: str, leases: list[Lease]) -> Batch | None:
        stay = self._stays.get(version)
        if stay is None:
            promise = self._models.request(version)
            if promise.done() and not promise.exception():
                return Batch(leases, promise.result())
            now = self._clock()
            stay = self._stays[version] = _Stay(promise, now, now)
        stay.groups.append(leases)
        return None

    def _outcome(self, version: str, stay: _Stay) -> Pricing | None:
        error = stay.promise.exception()
        if error is None:
            return stay.promise.result()
        now = self._clock()
        if passes(error):
            if now - stay.since >= _PATIENCE_S:
                raise error
            if now - stay.asked >= _RETRY_S:
                stay.promise, stay.asked = self._models.request(version), now
            return None
        _log.error("version_not_loaded", version=version, reason=reason_of(error))
        return Unloadable(version)

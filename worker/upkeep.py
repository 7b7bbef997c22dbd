"""Tends the ledger: as the upkeep, or in its place while there is none."""

import time
from collections.abc import Callable
from dataclasses import asdict

import redis

from model_store import logs
from worker import keys, ledger
from worker.leases import Tick
from worker.metrics import Metrics
from worker.outage import is_outage, words_of

#: Seconds that upkeep may be missing, as at a start, before another stands in for it.
_PATIENCE_S = 5.0

_log = logs.logger(__name__)


def tend(book: ledger.Ledger, metrics: Metrics, *, stands_in: bool = False) -> None:
    """Tend every lane of the ledger and watch Redis's memory; idempotent.

    Args:
        book: The ledger.
        metrics: Where what was done is counted.
        stands_in: Whether this is not the upkeep itself.

    Raises:
        redis.RedisError: Redis cannot be asked.
    """
    for lane in keys.LANES:
        tick = book.reap(lane, stands_in=stands_in)
        if tick:
            metrics.tended(lane, tick)
            book.measure(lane)
        if tick and tick != Tick():
            _log.warning("lane_tended", lane=lane, **asdict(tick))
    book.watch_memory()


class StandIn:
    """Tends the ledger from a worker of another lane while no upkeep does.

    Without it no lease would end: the jobs of a worker that died would stay with it.
    Any number may do so at a time; Redis lets one of them act every 0.2 s.

    Args:
        book: The ledger.
        metrics: Where what was done is counted.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        book: ledger.Ledger,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._book = book
        self._metrics = metrics
        self._clock = clock
        self._missing_since: float | None = None
        self._told = False

    def look(self) -> None:
        """Do what upkeep leaves undone; to be called each second."""
        try:
            if not self._is_missing():
                self._tell(missing=False)
                return
            self._tell(missing=True)
            tend(self._book, self._metrics, stands_in=True)
        except redis.RedisError as error:
            # An outage holds up everybody; who waits for it tells so.
            if not is_outage(error):
                _log.warning("lanes_not_tended", error=words_of(error))

    def _is_missing(self) -> bool:
        if self._book.is_tended():
            self._missing_since = None
            return False
        now = self._clock()
        if self._missing_since is None:
            self._missing_since = now
        return now - self._missing_since >= _PATIENCE_S

    def _tell(self, *, missing: bool) -> None:
        if missing and not self._told:
            _log.error(
                "upkeep_missing",
                meaning="this worker tends the ledger in its place; look after the "
                "worker of lane upkeep and after beat",
            )
        elif self._told and not missing:
            _log.warning("upkeep_back", meaning="this worker tends the ledger no more")
        self._told = missing

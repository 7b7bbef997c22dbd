"""Celery's clock, with patience: it sends no tick while earlier ones lie unread."""

from typing import Any

import redis
from celery import beat

from model_store import logs
from worker import connection
from worker.celery import ERRAND_EXPIRES_S
from worker.keys import UPKEEP

#: Unread messages on the lane of upkeep at which the clock stops sending.
_UNREAD = 5

_log = logs.logger(__name__)


class Scheduler(beat.PersistentScheduler):
    """Skips what is due while nobody reads.

    A tick that expires is dropped by the worker that reads it: without a worker the
    lane would grow by 85 MB a day. What is skipped comes again with the schedule;
    errands are few, and the next one may be a month away: they are sent in any case.
    """

    def __init__(self, app: Any, **kwargs: Any) -> None:
        # A client connects at its first command, so Redis need not be up yet.
        self._redis = connection.connect(app.settings.redis_url, role="worker")
        self._piled_up = False
        super().__init__(app, **kwargs)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send the task of an entry that is due, unless ticks pile up."""
        comes_soon = entry.options.get("expires", 0) < ERRAND_EXPIRES_S
        if self._may_send() or not comes_soon:
            super().apply_entry(entry, producer=producer)

    def _may_send(self) -> bool:
        try:
            unread: Any = self._redis.llen(UPKEEP)
        except redis.RedisError:
            # Celery's own way with an unreachable broker: it logs, and tries again.
            return True
        if (unread >= _UNREAD) != self._piled_up:
            self._piled_up = not self._piled_up
            if self._piled_up:
                _log.warning(
                    "ticks_pile_up", lane=UPKEEP, meaning="no worker reads the lane"
                )
        return not self._piled_up

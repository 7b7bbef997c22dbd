"""Takes what challengers said to the archive, from a worker of lane `upkeep`."""

import threading
from collections.abc import Sequence
from typing import Any

import orjson
import redis
from celery import bootsteps

from model_store import logs
from model_store.archive.shadow import Shadow
from model_store.errors import ArchiveError, ArchiveNotMigrated, ArchiveUnavailable
from worker import apart, connection, keys
from worker import celery as wire
from worker.errors import frames_of
from worker.metrics import Metrics
from worker.outage import words_of
from worker.shadow_totals import ShadowTotals

#: Prices that are archived in one transaction, and seconds between two looks.
AT_ONCE = 500
_LOOK_EVERY_S = 1.0

_log = logs.logger(__name__)


class ShadowKeeper(bootsteps.StartStopStep):
    """Runs a thread, where the installation has an archive.

    Any number of workers may do so: what two of them take is written once.
    """

    # The clock is a fork of this process: it must be made before there is a thread.
    requires = ("celery.worker.components:Pool", "celery.worker.components:Beat")

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._app: wire.KerbsideCelery = parent.app
        settings = self._app.settings
        tends = keys.UPKEEP in self._app.amqp.queues.consume_from
        self.enabled = tends and settings.archive_url is not None
        self._stopped = threading.Event()
        self._told = ""

    def start(self, *_: Any) -> None:
        """Begin to look."""
        threading.Thread(target=self._run, name="shadow-keeper", daemon=True).start()

    def stop(self, *_: Any) -> None:
        """Look no more."""
        self._stopped.set()

    def terminate(self, *_: Any) -> None:
        """Look no more, at once."""
        self.stop()

    def _run(self) -> None:
        # Heavy, and only who has an archive needs it.
        from model_store.archive.archive import Archive  # noqa: PLC0415

        settings = self._app.settings
        totals = ShadowTotals(connection.connect(settings.redis_url, role="worker"))
        archive: Any = None
        while not self._stopped.wait(_LOOK_EVERY_S):
            try:
                archive = archive or Archive.of(settings)
                while keep(totals, archive, self._app.metrics) == AT_ONCE:
                    pass
            except redis.RedisError as error:
                self._tell(words_of(error))
            except ArchiveError as error:
                # What waits is bounded, and an outage loses the oldest of it.
                self._tell(str(error))
            except Exception as error:  # noqa: BLE001 - nobody else looks
                self._tell(f"\n{frames_of(error)}")
            else:
                self._told = ""

    def _tell(self, reason: str) -> None:
        """Log what is in the way, once."""
        if reason != self._told:
            self._told = reason
            _log.warning("shadows_not_archived", reason=reason)


def keep(totals: ShadowTotals, archive: Any, metrics: Metrics) -> int:
    """Archive the oldest of what waits; return how many.

    One that nobody can write is told in the log and counted, and goes: the next ones
    would never have their turn, and it is one of a sample.

    Args:
        totals: Where it waits.
        archive: An `archive.Archive`, which not every process can load.
        metrics: Where failures are counted.

    Raises:
        redis.RedisError: Redis cannot be reached.
        ArchiveError: The archive cannot be used; all of it waits on.
    """
    rows = totals.waiting(AT_ONCE)
    if rows:
        _write(rows, archive, metrics)
        totals.taken(rows)
    return len(rows)


def _write(rows: Sequence[bytes], archive: Any, metrics: Metrics) -> None:
    refused = apart.write(
        rows,
        lambda some: archive.shadows.add(Shadow(**orjson.loads(row)) for row in some),
        down=(ArchiveUnavailable, ArchiveNotMigrated),
    )
    for _, error in refused:
        metrics.archive_failed()
        _log.error("shadow_not_archived", frames=frames_of(error))

"""Prunes the archive each hour, in a worker that was started with `-Q upkeep`.

Any number of them may do so at once: what one took away another does not find.
"""

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from celery import bootsteps

from model_store import logs
from model_store.errors import ArchiveError
from worker import keys
from worker.errors import frames_of
from worker.settings import WorkerSettings

#: Seconds between two looks for what is too old, and between two steps of one: others
#: write meanwhile.
_EVERY_S, _REST_S = 3600.0, 0.2
#: Seconds that a stop waits for the step in hand.
_PATIENCE_S = 5.0

_log = logs.logger(__name__)


class Pruning(bootsteps.StartStopStep):
    """Runs the thread, where the installation has an archive."""

    # The clock is a fork of this process: it must be made before there is a thread.
    requires = ("celery.worker.components:Pool", "celery.worker.components:Beat")

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        settings: WorkerSettings = parent.app.settings
        tends = keys.UPKEEP in parent.app.amqp.queues.consume_from
        self.enabled = tends and settings.archive_url is not None
        if self.enabled:
            self._pruner = Pruner(settings)
            run = self._pruner.run
            self._thread = threading.Thread(target=run, name="pruning", daemon=True)

    def start(self, *_: Any) -> None:
        """Begin to prune."""
        self._thread.start()

    def stop(self, *_: Any) -> None:
        """Take no further step."""
        self._pruner.stopping.set()
        self._thread.join(_PATIENCE_S)

    def terminate(self, *_: Any) -> None:
        """Take no further step, at once."""
        self._pruner.stopping.set()


class Pruner:
    """Takes what is too old out of an archive.

    Args:
        settings: Where the archive is, and how long its rows are kept.
        every_s: Seconds between two looks.
        today: Tells the day in UTC.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        *,
        every_s: float = _EVERY_S,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._settings = settings
        self._every_s = every_s
        self._today = today
        self.stopping = threading.Event()

    def run(self) -> None:
        """Prune from time to time until it is stopped; an outage is waited for."""
        logs.begin(lane=keys.UPKEEP)
        while not self.stopping.is_set():
            try:
                self.prune()
            except ArchiveError as error:
                _log.warning("archive_not_pruned", error=str(error))
            except Exception as error:  # noqa: BLE001 - nobody else prunes
                _log.error("pruning_failed", frames=frames_of(error))
            self.stopping.wait(self._every_s)

    def prune(self) -> None:
        """Take away all that is too old now, step by step.

        Raises:
            ArchiveError: The archive cannot be used.
        """
        # Each worker imports this, of whatever lane, and only this one needs it.
        from model_store.archive.archive import Archive  # noqa: PLC0415

        archive = Archive.of(self._settings)
        if archive is None:
            return
        days = self._settings.archive_days()
        with contextlib.closing(archive):
            while step := archive.retention.prune(days, today=self._today()):
                _log.info("archive_pruned", **step)
                if self.stopping.wait(_REST_S):
                    return

"""Fills the archive: a thread of each worker that was started with `-Q upkeep`.

Any number of them share the work, and whatever becomes of Redis or of the archive, the
thread goes on when both are there.
"""

import os
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

import redis
from celery import bootsteps

from model_store import logs
from model_store.errors import ArchiveError
from worker import celery as wire
from worker import connection, keys
from worker.errors import frames_of
from worker.feed import Entry, Feed
from worker.outage import words_of

#: Entries that are taken up in one transaction.
AT_ONCE = 200
#: Seconds between two transactions where there is little to archive: what gathers
#: meanwhile costs one.
_REST_S = 0.5
#: Seconds between two looks for what others have left.
_LOOK_EVERY_S = 5.0
#: Seconds before the next try after a failure: the first, and the longest.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0
#: Seconds that a stop waits for what is in hand; it is taken up by another otherwise.
_PATIENCE_S = 5.0

_log = logs.logger(__name__)


class Archivist(bootsteps.StartStopStep):
    """Runs the thread, where the installation has an archive."""

    # The clock is a fork of this process: it must be made before there is a thread.
    requires = ("celery.worker.components:Pool", "celery.worker.components:Beat")

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        app: wire.KerbsideCelery = parent.app
        tends = keys.UPKEEP in app.amqp.queues.consume_from
        self.enabled = tends and app.settings.archive_url is not None
        if not self.enabled:
            return
        self._app = app
        reader = f"{parent.hostname}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        client = connection.connect(app.settings.redis_url, role="worker")
        self._feed = Feed(client, app.settings, reader=reader)
        self._archiving: Any = None
        self._is_open = False
        self._looked_at = 0.0
        self._pause_s = _FIRST_PAUSE_S
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="archivist", daemon=True)

    def start(self, *_: Any) -> None:
        """Begin to archive."""
        self._thread.start()

    def stop(self, *_: Any) -> None:
        """Take up nothing more."""
        self._stopping.set()
        self._thread.join(_PATIENCE_S)

    def terminate(self, *_: Any) -> None:
        """Take up nothing more, at once."""
        self._stopping.set()

    def _run(self) -> None:
        logs.begin(lane=keys.UPKEEP)
        while not self._stopping.is_set():
            try:
                self._turn()
            except redis.RedisError as error:
                # Perhaps it is another one by now, which has no feed.
                self._is_open = False
                self._endure("feed_unreadable", words_of(error))
            except ArchiveError as error:
                self._endure("archive_unusable", str(error))
            except Exception as error:  # noqa: BLE001 - this thread must outlive any bug
                self._endure("archivist_failed", frames_of(error))

    def _turn(self) -> None:
        if not self._is_open:
            self._feed.open()
            self._is_open = True
        entries = self._inherited() or self._feed.next(AT_ONCE)
        self._take_up(entries)
        if len(entries) < AT_ONCE:
            self._stopping.wait(_REST_S)

    def _inherited(self) -> Sequence[Entry]:
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return ()
        # Not at once again: what cannot be written comes back this way each time.
        self._looked_at = now
        return self._feed.inherited(AT_ONCE)

    def _take_up(self, entries: Sequence[Entry]) -> None:
        """Archive entries, through an outage of the archive if need be.

        Nothing else is taken in hand meanwhile: it would only lie here.
        """
        while entries and not self._stopping.is_set():
            try:
                self._made().take_up(entries)
            except ArchiveError as error:
                self._endure("archive_unusable", str(error))
            else:
                self._pause_s = _FIRST_PAUSE_S
                return

    def _made(self) -> Any:
        """Return what archives, made when it is first needed."""
        if self._archiving is None:
            # Heavy, and only who has an archive needs it.
            from model_store.archive.archive import Archive  # noqa: PLC0415
            from worker.archiving import Archiving  # noqa: PLC0415

            archive = Archive.of(self._app.settings)
            self._archiving = archive and Archiving(
                self._feed, archive, self._app.metrics
            )
        return self._archiving

    def _endure(self, event: str, error: str) -> None:
        _log.warning(event, error=error, again_in_s=self._pause_s)
        self._app.metrics.archive_failed()
        self._stopping.wait(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

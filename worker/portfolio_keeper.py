"""Keeps stored properties and their valuations up, in a worker of lane `upkeep`.

Any number of them may do so at once: what two of them store is stored once.
"""

import threading
from typing import Any

import redis
from celery import bootsteps

from model_store import logs
from model_store.errors import ArchiveError, StoreError
from model_store.store import ModelStore
from worker import connection, keys
from worker.batch_files import BatchFiles
from worker.errors import frames_of
from worker.outage import words_of
from worker.settings import WorkerSettings
from worker.unstored import UnstoredBatches
from worker.webhooks.revalued import RevaluedNews

#: Seconds between two looks, and after a failure: the first pause and the longest.
_LOOK_EVERY_S, _FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 1.0, 15.0
#: Seconds that a stop waits for what is in hand; it is done again otherwise.
_PATIENCE_S = 5.0

_log = logs.logger(__name__)


class PortfolioKeeper(bootsteps.StartStopStep):
    """Runs the thread, where the installation has an archive and takes batches."""

    # The clock is a fork of this process: it must be made before there is a thread.
    requires = ("celery.worker.components:Pool", "celery.worker.components:Beat")

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        settings: WorkerSettings = parent.app.settings
        tends = keys.UPKEEP in parent.app.amqp.queues.consume_from
        has_both = settings.archive_url is not None and settings.batches_url is not None
        self.enabled = tends and has_both
        self._settings = settings
        self._stopping = threading.Event()
        self._works: list[Any] = []
        self._pause_s = _FIRST_PAUSE_S
        self._thread = threading.Thread(target=self._run, name="portfolio", daemon=True)

    def start(self, *_: Any) -> None:
        """Begin to look."""
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
        while not self._stopping.wait(_LOOK_EVERY_S):
            try:
                for work in self._made():
                    work.look()
                self._pause_s = _FIRST_PAUSE_S
            except redis.RedisError as error:
                self._endure(words_of(error))
            except (ArchiveError, StoreError) as error:
                self._endure(str(error))
            except Exception as error:  # noqa: BLE001 - this thread must outlive any bug
                self._endure(f"\n{frames_of(error)}")

    def _made(self) -> list[Any]:
        """Return what stores and what revalues, made when they are first needed."""
        if not self._works:
            # Heavy, and only who has an archive needs it.
            from model_store.archive.archive import Archive  # noqa: PLC0415
            from worker.revaluing import Revaluing  # noqa: PLC0415
            from worker.storing import Storing  # noqa: PLC0415

            settings = self._settings
            client = connection.connect(settings.redis_url, role="worker")
            archive: Any = Archive.of(settings)
            files = BatchFiles(str(settings.batches_url))
            store = ModelStore.from_settings(settings)
            news = RevaluedNews(client, settings, store)
            unstored = UnstoredBatches(client, settings)
            self._works = [Storing(unstored, files, store, archive, tell=news.tell)]
            if settings.revalue != "off":
                stops = self._stopping.is_set
                self._works.append(
                    Revaluing(client, settings, files, store, archive, stops=stops)
                )
        return self._works

    def _endure(self, reason: str) -> None:
        _log.warning("portfolio_not_kept", reason=reason, again_in_s=self._pause_s)
        self._stopping.wait(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

"""Removes the files of batches whose time is over, in the worker of lane `upkeep`.

Any number of them may do so at once: what one took away another does not find.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from celery import bootsteps

from model_store import logs
from model_store.errors import StoreError
from worker import connection, keys
from worker.batch_files import BatchFiles, made_ms
from worker.batches import Batches
from worker.outage import words_of
from worker.settings import WorkerSettings

#: Seconds between two looks for what is too old.
_EVERY_S = 600.0
#: Seconds after its making in which a folder is left alone: its batch may be coming.
_YOUNG_S = 7200.0
#: Seconds that a stop waits for the look in hand.
_PATIENCE_S = 5.0
#: Batches that Redis is asked about at a time.
_AT_A_TIME = 500

_log = logs.logger(__name__)


class Sweeping(bootsteps.StartStopStep):
    """Runs the thread, where the installation takes batches."""

    # The clock is a fork of this process: it must be made before there is a thread.
    requires = ("celery.worker.components:Pool", "celery.worker.components:Beat")

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        settings: WorkerSettings = parent.app.settings
        tends = keys.UPKEEP in parent.app.amqp.queues.consume_from
        self.enabled = tends and settings.batches_url is not None
        if self.enabled:
            client = connection.connect(settings.redis_url, role="worker")
            self._sweeper = Sweeper(client, settings)
            run = self._sweeper.run
            self._thread = threading.Thread(target=run, name="sweeping", daemon=True)

    def start(self, *_: Any) -> None:
        """Begin to sweep."""
        self._thread.start()

    def stop(self, *_: Any) -> None:
        """Take no further step."""
        self._sweeper.stopping.set()
        self._thread.join(_PATIENCE_S)

    def terminate(self, *_: Any) -> None:
        """Take no further step, at once."""
        self._sweeper.stopping.set()


class Sweeper:
    """Removes folders that no record points at.

    Args:
        client: Where the records are.
        settings: Where the folders are.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: WorkerSettings,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._batches = Batches(client, settings)
        self._files = BatchFiles(str(settings.batches_url))
        self._now = now
        self.stopping = threading.Event()

    def run(self) -> None:
        """Sweep from time to time until it is stopped; an outage is waited for."""
        logs.begin(lane=keys.UPKEEP)
        while not self.stopping.is_set():
            try:
                self.sweep()
            except redis.RedisError as error:
                _log.warning("batches_not_swept", error=words_of(error))
            except StoreError as error:
                _log.warning("batches_not_swept", error=str(error))
            self.stopping.wait(_EVERY_S)

    def sweep(self) -> None:
        """Remove all that is over now.

        Raises:
            redis.RedisError: Redis cannot be asked: nothing is known to be over.
            StoreError: Files cannot be listed or removed.
        """
        oldest_young_ms = (self._now() - _YOUNG_S) * 1000
        old = [one for one in self._files.ids() if made_ms(one) < oldest_young_ms]
        for first in range(0, len(old), _AT_A_TIME):
            part = old[first : first + _AT_A_TIME]
            for batch_id, known in zip(
                part, self._batches.are_known(part), strict=True
            ):
                if self.stopping.is_set():
                    return
                if not known:
                    self._files.drop(batch_id)
                    _log.info("batch_swept", batch=batch_id)

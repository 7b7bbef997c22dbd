"""Tells a worker that makes progress from one that is stuck."""

import os
import threading
import time
from pathlib import Path
from typing import NoReturn

import redis

from model_store import logs
from worker import ledger
from worker.errors import frames_of
from worker.metrics import Metrics
from worker.outage import is_outage
from worker.settings import WorkerSettings
from worker.upkeep import StandIn

#: Seconds between two looks.
_LOOK_EVERY_S = 1.0
#: Exit status of a worker that took itself to be stuck.
EXIT_STALLED = 75

_log = logs.logger(__name__)


class Watchdog:
    """Touches a health file at each progress and ends a process that makes none.

    No progress alone is no stall: messages must wait on a lane that is not paused and
    Redis must answer. The batch thread reports a missing champion as progress. Its
    thread also stands in for an upkeep that is missing.
    """

    def __init__(
        self,
        book: ledger.Ledger,
        settings: WorkerSettings,
        metrics: Metrics,
        *,
        lane: str,
        worker: str,
    ) -> None:
        self._ledger = book
        self._stand_in = StandIn(book, metrics)
        self._stall_s = settings.stall_s
        self._lane = lane
        self._file = _health_file(settings.health_dir, worker)
        self._progress = time.monotonic()
        self._touched = 0.0
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to watch."""
        self.touch()
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stop watching and remove the health file."""
        self._stopped.set()
        if self._file:
            self._file.unlink(missing_ok=True)

    def touch(self) -> None:
        """Note progress."""
        self._progress = time.monotonic()
        if self._file and self._progress - self._touched >= _LOOK_EVERY_S:
            self._touched = self._progress
            try:
                self._file.touch()
            except OSError as error:
                _log.warning("health_file_not_touched", error=str(error))

    def is_stalled(self) -> bool:
        """Tell whether work has waited for `stall_s` while nothing was claimed."""
        if time.monotonic() - self._progress < self._stall_s:
            return False
        try:
            return self._ledger.has_work(self._lane)
        except redis.RedisError as error:
            if not is_outage(error):
                return True
            # An outage is not this worker's fault, nor is what it held up.
            self.touch()
            return False

    def look(self) -> None:
        """End a process that is stuck; do what a missing upkeep leaves undone."""
        if self.is_stalled():
            self.end_process(f"no progress for {self._stall_s} s")
        self._stand_in.look()

    def end_process(self, why: str) -> NoReturn:
        """End the process, because only a new one can go on.

        An orderly end would wait for the thread that hangs. Leases end by themselves
        and the supervisor starts a new worker.
        """
        _log.critical("worker_stalled", lane=self._lane, reason=why)
        os._exit(EXIT_STALLED)

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_EVERY_S):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - nobody watches the watchdog
                _log.error("watchdog_failed", frames=frames_of(error))


def _health_file(folder: Path | None, worker: str) -> Path | None:
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{worker}.alive"

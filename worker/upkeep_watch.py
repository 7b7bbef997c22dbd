"""Watches a worker that was started with `-Q upkeep`: whether its ticks are run."""

from typing import Any

from celery import bootsteps, signals

from worker import celery as wire
from worker import connection, keys, ledger
from worker.health import Watchdog


class UpkeepWatch(bootsteps.StartStopStep):
    """Takes each tick that has tended the ledger for progress, and nothing else.

    A worker that answers pings and runs no tick looks healthy to everybody else.
    """

    # The clock is a fork of this process: it must be made before there is a thread.
    requires = ("celery.worker.components:Pool", "celery.worker.components:Beat")

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.enabled = keys.UPKEEP in parent.app.amqp.queues.consume_from
        if self.enabled:
            self.watchdog = _Watchdog(parent)

    def start(self, *_: Any) -> None:
        """Begin to watch."""
        signals.task_success.connect(self._note, weak=False)
        self.watchdog.start()

    def stop(self, *_: Any) -> None:
        """Watch no more."""
        signals.task_success.disconnect(self._note)
        self.watchdog.stop()

    def terminate(self, *_: Any) -> None:
        """Watch no more, at once."""
        self.stop()

    def _note(self, sender: Any, **_: Any) -> None:
        if sender.name == wire.REAP:
            self.watchdog.touch()


class _Watchdog(Watchdog):
    def __init__(self, parent: Any) -> None:
        settings = parent.app.settings
        client = connection.connect(settings.redis_url, role="api")
        super().__init__(
            ledger.Ledger(client, settings),
            settings,
            parent.app.metrics,
            lane=keys.UPKEEP,
            worker=parent.hostname,
        )
        self._parent = parent

    def look(self) -> None:
        """Look also whether the clock within this worker goes, if there is one."""
        clock = self._parent.beat
        if clock and not clock.is_alive():
            self.end_process("the clock within it has ended")
        super().look()

"""Ends the errands of a worker that was started with `-Q upkeep` when it stops."""

from typing import Any

from celery import bootsteps

from worker import keys


class ErrandsStep(bootsteps.StartStopStep):
    """Leaves no command behind; its work is begun by a task."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.enabled = keys.UPKEEP in parent.app.amqp.queues.consume_from
        self._errands = parent.app.errands

    def start(self, *_: Any) -> None:
        """Wait for tasks."""

    def stop(self, *_: Any) -> None:
        """End what is under way."""
        self._errands.stop()

    def terminate(self, *_: Any) -> None:
        """End it, at once as well."""
        self.stop()

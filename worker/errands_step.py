"""Ends the errands of a worker that was started with `-Q upkeep` when it stops."""

from functools import partial
from typing import Any

from celery import bootsteps

from worker import connection, errands, keys
from worker.webhooks import degradation


class ErrandsStep(bootsteps.StartStopStep):
    """Leaves no command behind; its work is begun by a task."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.enabled = keys.UPKEEP in parent.app.amqp.queues.consume_from
        self._app = parent.app
        self._errands = parent.app.errands

    def start(self, *_: Any) -> None:
        """Wait for tasks."""
        settings = self._app.settings
        client = connection.connect(settings.redis_url, role="worker")
        self._errands.follow(
            errands.ACCURACY, partial(degradation.announce, client, settings)
        )
        self._errands.start()

    def stop(self, *_: Any) -> None:
        """End what is under way."""
        self._errands.stop()

    def terminate(self, *_: Any) -> None:
        """End it, at once as well."""
        self.stop()

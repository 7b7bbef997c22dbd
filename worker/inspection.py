"""What Celery's `inspect` and Flower see of jobs that kombu never delivered."""

import os
import time
from typing import Any

from celery.worker.control import Panel
from kombu import Exchange, Queue

from worker.leases import Lease


class _Task:
    #: With `acknowledged` it keeps a lost connection from canceling the job.
    acks_late = True


class Request:
    """Stands in for Celery's `Request` of a job in hand.

    It has no `__slots__`: on a reconnect the consumer sets attributes of its own.
    """

    acknowledged = True
    eta = None
    eventer = None
    task = _Task

    def __init__(self, lease: Lease, lane: str, hostname: str, *, task: str) -> None:
        self.name = task
        self.id = lease.id
        self.lease = lease
        self.lane = lane
        self.hostname = hostname
        self.redelivered = lease.fence > 1
        self.time_start = time.time()

    def info(self, *, safe: bool = False) -> dict[str, Any]:
        """Return what `inspect active` shows."""
        del safe
        return {
            "id": self.id,
            "name": self.name,
            "args": [],
            "kwargs": {},
            "type": self.name,
            "hostname": self.hostname,
            "time_start": self.time_start,
            "acknowledged": True,
            "delivery_info": {
                "exchange": "",
                "routing_key": self.lane,
                "priority": 0,
                "redelivered": self.redelivered,
            },
            "worker_pid": os.getpid(),
        }

    def cancel(self, *_: Any, **__: Any) -> None:
        """Do nothing: a batch is priced within its lease or given back."""

    terminate = cancel


def show_lane(lane: str) -> None:
    """Add a lane to the answer of `inspect active_queues`.

    Flower reads the length of the queues that workers name here.
    """
    answer = Panel.data["active_queues"]

    def active_queues(state: Any, **kwargs: Any) -> list[dict[str, Any]]:
        queue = Queue(lane, Exchange(lane), routing_key=lane)
        return [*answer(state, **kwargs), queue.as_dict(recurse=True)]

    Panel.data["active_queues"] = active_queues

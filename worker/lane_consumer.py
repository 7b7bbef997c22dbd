"""What every bootstep that takes jobs from the ledger does: claim, hold, give back.

It stands in the worker's own blueprint, so it is started before and stopped after
Celery's consumer and survives every reconnect of it. It has its own thread and its own
Redis client and never touches kombu's.
"""

import os
import threading
import time
import uuid
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import redis
from celery import bootsteps, signals
from celery.worker import state as worker_state

from model_store import logs
from worker import celery as wire
from worker import connection, events, inspection, ledger, tracing
from worker.errors import frames_of
from worker.health import Watchdog
from worker.leases import Lease
from worker.ledger import Ledger
from worker.outage import is_outage, words_of

#: Seconds that an idle worker sleeps at the bell before it looks by itself.
BELL_S = 1.0
#: Seconds between two tries while Redis is away, or while there is no champion.
_PAUSE_S = 0.5

_log = logs.logger(__name__)


class LaneConsumer(bootsteps.StartStopStep):
    """Runs the thread of a worker that was started with `-Q` and the lane's name."""

    requires = ("celery.worker.components:Pool",)
    lane: ClassVar[str]
    #: Wire name of the task that a job of the lane shows as.
    task: ClassVar[str]

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.enabled = self.lane in parent.app.amqp.queues.consume_from
        if not self.enabled:
            return
        app: wire.KerbsideCelery = parent.app
        # The lane stays declared and routable, but kombu must not take from it.
        app.amqp.queues.deselect([self.lane])
        parent.wait_for_soft_shutdown = self.drain
        self._parent = parent
        self._settings = app.settings
        self._metrics = app.metrics
        self._metrics.begin(self.lane)
        self._tracing = tracing.chosen(app.settings, self.lane)
        self._client = connection.connect(app.settings.redis_url, role="worker")
        self._channel = events.channel(connection.database(self._client))
        self._ledger = Ledger(self._client, app.settings, lease_s=self._lease_s())
        self._renewed = time.monotonic()
        # Of this process alone: what an earlier one of this node name held is not ours.
        self._token = f"{parent.hostname}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._in_hand: dict[str, inspection.Request] = {}
        self._thread = threading.Thread(target=self._run, name=self.lane, daemon=True)
        self._watchdog = Watchdog(
            ledger.Ledger(
                connection.connect(app.settings.redis_url, role="api"), app.settings
            ),
            app.settings,
            app.metrics,
            lane=self.lane,
            worker=parent.hostname,
        )
        self._prepare(app)

    def start(self, *_: Any) -> None:
        """Begin to take jobs."""
        signals.worker_shutting_down.connect(self._stop_claiming, weak=False)
        inspection.show_lane(self.lane)
        self._thread.start()
        self._watchdog.start()

    def stop(self, *_: Any) -> None:
        """Finish what is in hand, or give it back when it takes too long."""
        self.drain()
        self._watchdog.stop()
        self._thread.join(timeout=2 * BELL_S)

    def terminate(self, *_: Any) -> None:
        """Give back what is in hand and is not finished at once."""
        self._drain(0.2)

    def drain(self, *_: Any) -> None:
        """Claim nothing more; wait for what is in hand, then give back the rest."""
        self._drain(self._settings.drain_s)

    def _lease_s(self) -> float:
        """Return the seconds of a lease."""
        return self._settings.lease_s

    @abstractmethod
    def _prepare(self, app: wire.KerbsideCelery) -> None:
        """Make what a turn needs."""

    @abstractmethod
    def _turn(self) -> None:
        """Claim once, and see to what came of it."""

    def _drain(self, patience_s: float) -> None:
        self._stop_claiming()
        if not self._idle.wait(patience_s):
            self._give_back()

    def _give_back(self) -> None:
        try:
            _log.warning("jobs_given_back", lane=self.lane, count=self._release())
        except redis.RedisError as error:
            # Their leases end by themselves.
            _log.warning("jobs_not_given_back", lane=self.lane, error=words_of(error))

    def _stop_claiming(self, **_: Any) -> None:
        self._stopping.set()

    def _run(self) -> None:
        logs.begin(lane=self.lane)
        unsure = False
        while not self._stopping.is_set():
            try:
                if unsure:
                    self._let_go_of_all()
                    unsure = False
                self._turn()
            except redis.RedisError as error:
                # A claim may have been made whose answer never came.
                unsure = True
                self._endure("redis_unreachable", error)
            except Exception as error:  # noqa: BLE001 - this thread must outlive any bug
                unsure = True
                self._metrics.turn_failed(self.lane)
                _log.error("turn_failed", frames=frames_of(error))
                self._rest()
        self._end(unsure=unsure)
        self._idle.set()

    def _end(self, *, unsure: bool) -> None:
        """Do what is left once nothing more is claimed."""
        if unsure:
            self._give_back()

    def _let_go_of_all(self) -> None:
        self._release()
        self._let_go(list(self._in_hand))

    def _release(self, *, keeps: Iterable[str] = ()) -> int:
        """Give back what is held but for some; return how many jobs."""
        jobs = self._ledger.release(self.lane, worker=self._token, keeps=keeps)
        self._metrics.given_back(self.lane, jobs)
        return jobs

    def _take(self, leases: Sequence[Lease]) -> None:
        for lease in leases:
            request = inspection.Request(
                lease, self.lane, self._parent.hostname, task=self.task
            )
            self._in_hand[lease.id] = request
            worker_state.task_accepted(request)

    def _let_go(self, job_ids: Sequence[str]) -> None:
        for job_id in job_ids:
            if request := self._in_hand.pop(job_id, None):
                worker_state.task_ready(request)

    def _told(self, outcomes: Iterable[events.Outcome]) -> tuple[str, bytes]:
        """Return Celery's channel and what it is told; empty where nobody listens."""
        dispatcher = getattr(self._parent.consumer, "event_dispatcher", None)
        if not (dispatcher and dispatcher.enabled):
            return "", b""
        if dispatcher.groups and "task" not in dispatcher.groups:
            return "", b""
        name = self._parent.hostname
        return self._channel, events.message(
            list(outcomes), task=self.task, hostname=name
        )

    def _renew(self) -> None:
        """Keep what is in hand, once in a third of a lease."""
        now = time.monotonic()
        if now - self._renewed >= self._lease_s() / 3:
            self._renewed = now
            if self._in_hand:
                held = [request.lease for request in list(self._in_hand.values())]
                self._ledger.renew(self.lane, held)

    def _endure(self, event: str, error: redis.RedisError) -> None:
        _log.warning(event, error=words_of(error))
        self._metrics.redis_failed(self.lane)
        # A fault that stays is a reason to start anew, and nobody else would tell.
        if is_outage(error):
            self._watchdog.touch()
        self._rest()

    def _rest(self) -> None:
        self._stopping.wait(_PAUSE_S)

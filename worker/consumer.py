"""The batching bootstep: takes what waits, prices it in one call, writes it at once.

It stands in the worker's own blueprint, so it is started before and stopped after
Celery's consumer and survives every reconnect of it. It has its own thread and its own
Redis client and never touches kombu's.
"""

import logging
import os
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

import redis
from celery import bootsteps, signals
from celery.worker import state as worker_state

from model_store.errors import StoreError
from model_store.store import ModelStore
from worker import celery as wire
from worker import connection, events, inspection, ledger, predictors, pricing
from worker.errors import frames_of
from worker.health import Watchdog
from worker.ledger import Claim, Completion, Lease
from worker.outage import is_outage, words_of
from worker.parking import Batch, Parking
from worker.versions import Versions

#: Seconds that an idle worker sleeps at the bell before it looks by itself.
_BELL_S = 1.0
#: Seconds between two tries while Redis is away, or while there is no champion.
_PAUSE_S = 0.5
#: Milliseconds within which a worker is back whose last batch took half of it at most.
_BACK_IN_MS = 20
#: Seconds between two looks at versions that are being loaded.
_LOADING_S = 0.05
#: Jobs that may wait for their version, about; more are left to other workers.
_PARKED_MAX = 1024

_log = logging.getLogger(__name__)


class BatchConsumer(bootsteps.StartStopStep):
    """Runs the batch thread of a worker that was started with `-Q predictions`."""

    requires = ("celery.worker.components:Pool",)
    lane = ledger.PREDICTIONS

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
        client = connection.connect(app.settings.redis_url, role="worker")
        self._ledger = ledger.Ledger(client, app.settings)
        store = ModelStore.from_settings(app.settings)
        self._predictors = predictors.Predictors(
            store, app.load_predictor, Versions(client, app.settings)
        )
        self._parking = Parking(self._predictors)
        self._renewed = time.monotonic()
        self._events = events.channel(connection.database(client))
        # Of this process alone: what an earlier one of this node name held is not ours.
        self._token = f"{parent.hostname}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._in_hand: dict[str, inspection.Request] = {}
        self._batches = 0
        self._back_in_ms = 0
        self._thread = threading.Thread(target=self._run, name="batch", daemon=True)
        self._watchdog = Watchdog(
            ledger.Ledger(
                connection.connect(app.settings.redis_url, role="api"), app.settings
            ),
            app.settings,
            lane=self.lane,
            worker=parent.hostname,
        )

    def start(self, *_: Any) -> None:
        """Load the champion and begin to take jobs."""
        signals.worker_shutting_down.connect(self._stop_claiming, weak=False)
        inspection.show_lane(self.lane)
        self._predictors.start()
        self._thread.start()
        self._watchdog.start()

    def stop(self, *_: Any) -> None:
        """Finish the batch in hand, or give it back when it takes too long."""
        self.drain()
        self._predictors.stop()
        self._watchdog.stop()
        self._thread.join(timeout=2 * _BELL_S)

    def terminate(self, *_: Any) -> None:
        """Give back what is in hand and is not finished at once."""
        self._drain(0.2)

    def info(self, *_: Any) -> dict[str, Any]:  # type: ignore[override] # their stub says None
        """Return what `inspect stats` shows of this step."""
        return {
            "batch_consumer": {
                "lane": self.lane,
                "in_hand": len(self._in_hand),
                "batches": self._batches,
                "champion_loaded": self._predictors.ready,
            }
        }

    def drain(self, *_: Any) -> None:
        """Claim nothing more; wait for the batch in hand, then give back the rest."""
        self._drain(self._settings.drain_s)

    def _drain(self, patience_s: float) -> None:
        self._stop_claiming()
        if not self._idle.wait(patience_s):
            self._give_back()

    def _give_back(self) -> None:
        try:
            given_back = self._ledger.release(self.lane, worker=self._token)
            _log.warning("batch_given_back: %d jobs", given_back)
        except redis.RedisError as error:
            # Their leases end by themselves.
            _log.warning("batch_not_given_back: %s", words_of(error))

    def _stop_claiming(self, **_: Any) -> None:
        self._stopping.set()

    def _run(self) -> None:
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
                _log.error("batch_failed\n%s", frames_of(error))
                self._rest()
        if unsure or self._parking.leases:
            self._give_back()
        self._idle.set()

    def _turn(self) -> None:
        ready = self._predictors.ready
        if self._predictors.hang and (self._parking.leases or not ready):
            self._let_go_of_all()
            self._watchdog.end_process("a model neither loads nor fails to")
        if not ready:
            self._renew()
            self._watchdog.touch()
            self._rest()
            return
        self._idle.clear()
        self._price_parked()
        # Looked at once more: a drain that saw the thread idle must find it so.
        if self._stopping.is_set():
            return
        self._renew()
        if room := self._room():
            self._claim(room)
        else:
            self._watchdog.touch()
            self._stopping.wait(_LOADING_S)

    def _claim(self, room: int) -> None:
        claim = self._ledger.claim(
            self.lane,
            limit=room,
            worker=self._token,
            back_in_ms=self._back_in_ms,
            # One that crashed would be priced beside those that wait here.
            fresh=bool(self._in_hand),
        )
        if claim.strays:
            _log.warning("strays_set_aside: %d messages without a job", claim.strays)
        began = time.monotonic()
        self._take(claim.leases)
        self._price(self._parking.admit(claim.leases))
        if claim.leases or self._in_hand or not claim.left or claim.paused:
            self._watchdog.touch()
        if claim.leases:
            took_ms = 1000 * (time.monotonic() - began)
            self._back_in_ms = _BACK_IN_MS if 2 * took_ms <= _BACK_IN_MS else 0
        else:
            self._sleep(claim)

    def _room(self) -> int:
        """Return how many jobs may be claimed: parked ones fill the hand too.

        None beside one that crashed: what it is held with would crash with it.
        """
        parked = self._parking.leases
        if any(lease.crashes for lease in parked):
            return 0
        return max(0, min(self._settings.batch_max, _PARKED_MAX - len(parked)))

    def _sleep(self, claim: Claim) -> None:
        parked = bool(self._in_hand)
        if not parked:
            self._idle.set()
        if claim.paused:
            self._rest()
        elif parked and claim.left:
            # The next job crashed before. The bell rings for who may take it.
            self._stopping.wait(_LOADING_S)
        else:
            patience_s = _LOADING_S if parked else _BELL_S
            self._ledger.wait_for_bell(self.lane, timeout_s=patience_s)

    def _renew(self) -> None:
        """Keep what waits in hand, for its version or for the batch before it."""
        now = time.monotonic()
        if now - self._renewed >= self._settings.lease_s / 3:
            self._renewed = now
            if self._in_hand:
                held = [request.lease for request in self._in_hand.values()]
                self._ledger.renew(self.lane, held)

    def _price_parked(self) -> None:
        try:
            self._price(self._parking.loaded())
        except StoreError as error:
            _log.error("version_not_loaded: its jobs are given back: %s", error)
            self._let_go_of_all()
            # A worker that may reach the store takes them meanwhile.
            self._rest()

    def _let_go_of_all(self) -> None:
        self._ledger.release(self.lane, worker=self._token)
        self._parking.clear()
        self._let_go(list(self._in_hand))

    def _endure(self, event: str, error: redis.RedisError) -> None:
        _log.warning("%s: %s", event, words_of(error))
        # A fault that stays is a reason to start anew, and nobody else would tell.
        if is_outage(error):
            self._watchdog.touch()
        self._rest()

    def _rest(self) -> None:
        self._stopping.wait(_PAUSE_S)

    def _price(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            self._renew()
            try:
                self._commit(pricing.price(batch.leases, batch.predictor))
                self._batches += 1
            finally:
                self._let_go([lease.id for lease in batch.leases])

    def _take(self, leases: Sequence[Lease]) -> None:
        for lease in leases:
            request = inspection.Request(lease, self.lane, self._parent.hostname)
            self._in_hand[lease.id] = request
            worker_state.task_accepted(request)

    def _let_go(self, job_ids: Sequence[str]) -> None:
        for job_id in job_ids:
            if request := self._in_hand.pop(job_id, None):
                worker_state.task_ready(request)

    def _commit(self, completions: Sequence[Completion]) -> None:
        """Write the outcomes, through an outage if need be: each is taken once."""
        event = self._event(completions)
        while True:
            try:
                self._ledger.complete(self.lane, completions, event=event)
            except redis.RedisError as error:
                if self._stopping.is_set():
                    raise
                self._endure("results_wait_for_redis", error)
            else:
                return

    def _event(self, completions: Sequence[Completion]) -> tuple[str, bytes]:
        dispatcher = getattr(self._parent.consumer, "event_dispatcher", None)
        if not (dispatcher and dispatcher.enabled):
            return "", b""
        if dispatcher.groups and "task" not in dispatcher.groups:
            return "", b""
        runtime_s = max(done.predict_us for done in completions) / 1e6
        body = events.message(
            completions,
            task=wire.PRICE,
            hostname=self._parent.hostname,
            runtime_s=runtime_s,
        )
        return self._events, body

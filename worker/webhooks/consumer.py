"""The delivering bootstep: takes due deliveries, makes each in a thread of its own."""

import collections
import contextlib
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import redis

from model_store import logs
from worker import celery as wire
from worker import keys
from worker.errors import frames_of
from worker.lane_consumer import BELL_S, LaneConsumer
from worker.leases import Lease
from worker.webhooks.courier import Courier
from worker.webhooks.deliveries import Deliveries, lease_s
from worker.webhooks.keyring import Keyring
from worker.webhooks.sender import Sender

#: Seconds until a worker whose threads are all busy looks again.
_BUSY_S = 0.05

_log = logs.logger(__name__)


class DeliveryConsumer(LaneConsumer):
    """Runs the deliveries of a worker that was started with `-Q webhooks`."""

    lane = keys.WEBHOOKS
    task = wire.DELIVER

    def info(self, *_: Any) -> dict[str, Any]:  # type: ignore[override] # their stub says None
        """Return what `inspect stats` shows of this step."""
        return {
            "delivery_consumer": {
                "lane": self.lane,
                "in_hand": len(self._in_hand),
                "threads": self._settings.webhook_threads,
            }
        }

    def _lease_s(self) -> float:
        return lease_s(self._settings)

    def _prepare(self, app: wire.KerbsideCelery) -> None:
        self._deliveries = Deliveries(self._client, app.settings)
        self._courier = Courier(
            self._deliveries,
            Keyring(self._client, app.settings),
            Sender(app.settings),
            app.settings,
            app.metrics,
            told=lambda outcome: self._told([outcome]),
            tracing=self._tracing,
        )
        #: What threads have done with; Celery's books are kept by one thread.
        self._done: collections.deque[str] = collections.deque()
        self._any_done = threading.Event()

    def _turn(self) -> None:
        self._settle()
        self._renew()
        room = self._settings.webhook_threads - len(self._in_hand)
        if room <= 0:
            self._watchdog.touch()
            self._await_any(_BUSY_S)
            return
        self._idle.clear()
        if self._stopping.is_set():
            return
        claim = self._ledger.claim(self.lane, limit=room, worker=self._token)
        self._watchdog.touch()
        self._metrics.claimed(self.lane, claim.leases)
        if claim.leases:
            self._send(claim.leases)
        else:
            self._sleep(paused=claim.paused)

    def _send(self, leases: Sequence[Lease]) -> None:
        records = self._deliveries.load(leases)
        for lease, record in zip(leases, records, strict=True):
            thread = threading.Thread(
                target=self._deliver,
                args=(lease, record),
                name=f"delivery-{lease.id[-8:]}",
                daemon=True,
            )
            # What has no thread is not in hand, and is given back if this goes wrong.
            thread.start()
            self._take([lease])

    def _deliver(self, lease: Lease, record: Mapping[bytes, bytes]) -> None:
        logs.begin(
            lane=self.lane,
            delivery_id=lease.id,
            job_id=record.get(b"subject", b"").decode(),
        )
        try:
            if record:
                self._courier.deliver(lease, record, endure=self._goes_on)
        except redis.RedisError as error:
            # Its lease ends by itself, and the same event is sent again.
            self._endure("delivery_not_written", error)
        except Exception as error:  # noqa: BLE001 - the border: one delivery is no other's
            self._metrics.turn_failed(self.lane)
            _log.error("delivery_failed", frames=frames_of(error))
        finally:
            self._done.append(lease.id)
            self._any_done.set()

    def _goes_on(self, error: redis.RedisError) -> bool:
        """Wait a while for Redis; tell whether to try once more."""
        if self._stopping.is_set():
            return False
        self._endure("outcome_waits_for_redis", error)
        return True

    def _sleep(self, *, paused: bool) -> None:
        if not self._in_hand:
            self._idle.set()
        if paused:
            self._rest()
        else:
            self._ledger.wait_for_bell(self.lane, timeout_s=BELL_S)

    def _await_any(self, seconds: float) -> None:
        self._any_done.wait(seconds)
        self._any_done.clear()

    def _settle(self) -> None:
        while self._done:
            self._let_go([self._done.popleft()])

    def _end(self, *, unsure: bool) -> None:
        while self._in_hand:
            self._await_any(_BUSY_S)
            self._settle()
            with contextlib.suppress(redis.RedisError):
                self._renew()
        super()._end(unsure=unsure)

    def _let_go_of_all(self) -> None:
        """Give back what no thread is at: each of the others writes its own outcome."""
        self._settle()
        self._release(keeps=list(self._in_hand))

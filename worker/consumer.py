"""The batching bootstep: takes what waits, prices it in one call, writes it at once."""

import time
from collections.abc import Sequence
from typing import Any

import redis

from model_store import logs
from model_store.errors import StoreError
from model_store.store import ModelStore
from worker import celery as wire
from worker import events, keys, predictors, pricing
from worker.jobs import Detail
from worker.lane_consumer import BELL_S, LaneConsumer
from worker.leases import Claim, Completion
from worker.parking import Batch, Parking
from worker.seen import SeenHouses
from worker.seen_writer import SeenWriter
from worker.shadow import Shadow
from worker.shadow_totals import ShadowTotals
from worker.versions import Versions

#: Milliseconds within which a worker is back whose last batch took half of it at most.
_BACK_IN_MS = 20
#: Seconds between two looks at versions that are being loaded.
_LOADING_S = 0.05
#: Jobs that may wait for their version, about; more are left to other workers.
_PARKED_MAX = 1024

_log = logs.logger(__name__)


class BatchConsumer(LaneConsumer):
    """Runs the batch thread of a worker that was started with `-Q predictions`."""

    lane = keys.PREDICTIONS
    task = wire.PRICE

    def start(self, *_: Any) -> None:
        """Load the champion and begin to take jobs."""
        self._predictors.start()
        self._shadow.start()
        super().start()

    def stop(self, *_: Any) -> None:
        """Finish the batch in hand, or give it back when it takes too long."""
        self.drain()
        self._shadow.stop()
        self._predictors.stop()
        super().stop()

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

    def _prepare(self, app: wire.KerbsideCelery) -> None:
        store = ModelStore.from_settings(app.settings)
        self._predictors = predictors.Predictors(
            store,
            app.load_predictor,
            Versions(self._client, app.settings),
            has_shadows=app.settings.shadow_every > 0,
        )
        self._shadow = Shadow(
            self._predictors,
            ShadowTotals(self._client),
            app.metrics,
            every=app.settings.shadow_every,
        )
        self._metrics.watch_champion(lambda: self._predictors.ready)
        self._parking = Parking(self._predictors)
        self._seen = SeenWriter(SeenHouses(self._client, app.settings))
        self._batches = 0
        self._back_in_ms = 0

    def _end(self, *, unsure: bool) -> None:
        self._seen.write()
        super()._end(unsure=unsure or bool(self._parking.leases))

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
        self._seen.write_if_due()
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
            _log.warning("strays_set_aside", count=claim.strays)
        began = time.monotonic()
        self._metrics.claimed(self.lane, claim.leases)
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
            patience_s = _LOADING_S if parked else BELL_S
            self._ledger.wait_for_bell(self.lane, timeout_s=patience_s)

    def _price_parked(self) -> None:
        try:
            self._price(self._parking.loaded())
        except StoreError as error:
            _log.error("version_not_loaded", reason=str(error), jobs="given back")
            self._let_go_of_all()
            # A worker that may reach the store takes them meanwhile.
            self._rest()

    def _let_go_of_all(self) -> None:
        super()._let_go_of_all()
        self._parking.clear()

    def _price(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            self._renew()
            try:
                self._commit(pricing.price(batch.leases, batch.predictor))
                self._batches += 1
                self._seen.note(batch.leases[0].version, batch.predictor)
            finally:
                self._let_go([lease.id for lease in batch.leases])

    def _commit(self, completions: Sequence[Completion]) -> None:
        """Write the outcomes, through an outage if need be: each is taken once."""
        event = self._event(completions)
        while True:
            try:
                written = self._ledger.complete(self.lane, completions, event=event)
            except redis.RedisError as error:
                if self._stopping.is_set():
                    raise
                self._endure("results_wait_for_redis", error)
            else:
                self._note(completions, written)
                return

    def _note(self, completions: Sequence[Completion], written: Sequence[bool]) -> None:
        now = time.time()
        # The clock may have been set back meanwhile.
        runs_s = [
            max(0.0, now - self._in_hand[done.lease.id].time_start)
            for done in completions
        ]
        self._metrics.priced(self.lane, completions, written, runs_s)
        self._tracing.processed(self.lane, completions, runs_s)
        self._shadow.note(completions)

    def _event(self, completions: Sequence[Completion]) -> tuple[str, bytes]:
        runtime_s = max(done.predict_us for done in completions) / 1e6
        return self._told(
            events.Outcome(
                done.lease.id,
                runtime_s,
                events.failed(Detail.MODEL_ERROR) if done.error else events.succeeded(),
            )
            for done in completions
        )

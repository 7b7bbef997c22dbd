"""The bootstep of batches: takes a chunk at a time and prices its rows."""

from typing import Any

import redis

from model_store import logs
from model_store.errors import StoreError
from model_store.store import ModelStore
from worker import celery as wire
from worker import events, keys
from worker.batch_files import BatchFiles
from worker.chunks import Chunks
from worker.jobs import Detail
from worker.lane_consumer import BELL_S, LaneConsumer
from worker.leases import Claim, Completion, Lease
from worker.seen import SeenHouses
from worker.seen_writer import SeenWriter

#: Seconds until a chunk is tried again whose files or model were out of reach.
_STORE_PAUSE_S = 5.0

_log = logs.logger(__name__)


class ChunkConsumer(LaneConsumer):
    """Runs the thread of a worker that was started with `-Q batches`."""

    lane = keys.BATCHES
    task = wire.PRICE_CHUNK

    def stop(self, *_: Any) -> None:
        """Finish the chunk in hand, or give it back when it takes too long."""
        super().stop()
        if self._chunks:
            self._chunks.stop()

    def info(self, *_: Any) -> dict[str, Any]:  # type: ignore[override] # their stub says None
        """Return what `inspect stats` shows of this step."""
        return {"chunk_consumer": {"lane": self.lane, "in_hand": len(self._in_hand)}}

    def _prepare(self, app: wire.KerbsideCelery) -> None:
        url = app.settings.batches_url
        self._seen = SeenWriter(SeenHouses(self._client, app.settings))
        self._chunks = url and Chunks(
            BatchFiles(url),
            ModelStore.from_settings(app.settings),
            app.load_predictor,
            note=self._seen.note,
        )
        if not url:
            _log.error("no_batches", meaning="set KERBSIDE_BATCHES_URL")

    def _end(self, *, unsure: bool) -> None:
        self._seen.write()
        super()._end(unsure=unsure)

    def _turn(self) -> None:
        self._watchdog.touch()
        if not self._chunks:
            self._rest()
            return
        self._seen.write_if_due()
        self._idle.clear()
        # Looked at once more: a drain that saw the thread idle must find it so.
        if self._stopping.is_set():
            return
        claim = self._ledger.claim(self.lane, limit=1, worker=self._token)
        self._metrics.claimed(self.lane, claim.leases)
        if not claim.leases:
            self._sleep(claim)
        for lease in claim.leases:
            self._take([lease])
            self._price(self._chunks, lease)

    def _price(self, chunks: Chunks, lease: Lease) -> None:
        try:
            self._commit(chunks.price(lease, beat=self._beat))
        except StoreError as error:
            _log.error("chunk_given_back", job_id=lease.id, reason=str(error))
            self._metrics.chunk_out_of_reach()
            self._let_go_of_all()
            # A worker that may reach them takes it meanwhile.
            self._stopping.wait(_STORE_PAUSE_S)
        finally:
            self._let_go([lease.id])

    def _beat(self) -> None:
        if self._chunks and self._chunks.hangs:
            # The chunk did nothing to it: this is no crash.
            self._let_go_of_all()
            self._watchdog.end_process("a model neither loads nor fails to")
        self._renew()
        self._watchdog.touch()

    def _sleep(self, claim: Claim) -> None:
        self._idle.set()
        if claim.paused:
            self._rest()
        else:
            self._ledger.wait_for_bell(self.lane, timeout_s=BELL_S)

    def _commit(self, done: Completion) -> None:
        """Tell the ledger, through an outage if need be: each outcome is taken once."""
        ends = events.failed(Detail.MODEL_ERROR) if done.error else events.succeeded()
        event = self._told([events.Outcome(done.lease.id, done.predict_us / 1e6, ends)])
        while True:
            try:
                (is_written,) = self._ledger.complete(self.lane, [done], event=event)
            except redis.RedisError as error:
                if self._stopping.is_set():
                    raise
                self._endure("results_wait_for_redis", error)
            else:
                run_s = done.predict_us / 1e6
                self._metrics.chunk_ended(
                    self.lane, done, is_written=is_written, run_s=run_s
                )
                return

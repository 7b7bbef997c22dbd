"""Has all properties valued anew when their model has another champion, or each month.

What was done follows from the ledger and the archive: any number of workers may look,
and who dies in between leaves files that nobody points at.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import redis

from model_store import logs
from model_store.aliases import Aliases
from model_store.card import ModelCard
from model_store.errors import ArchiveNotMigrated, ArchiveUnavailable, StoreError
from model_store.store import ModelStore
from worker import keys
from worker.batch import ENDED
from worker.batch_files import BatchFiles
from worker.batch_rows import row_of
from worker.batches import Batches, BatchSubmission, new_id
from worker.connection import clock_ms
from worker.errors import MemoryFull, QueueRefusal
from worker.predictors import reason_of
from worker.settings import WorkerSettings
from worker.unstored import Unstored, UnstoredBatches

if TYPE_CHECKING:
    from model_store.archive.archive import Archive

#: Seconds between two looks where nothing has changed, and where something waits.
_RARELY_S, _AGAIN_S = 600.0, 2.0
#: The same after one that failed, which may have written a whole portfolio.
_LATER_S = 60
#: Of how many tenants chunks are in the lane at a time: others' batches are to wait for
#: few of them.
_AT_ONCE = 2
#: Hour of the first day of a month, UTC, from which a monthly revaluation is due.
_HOUR = 3

_log = logs.logger(__name__)


class _Last(NamedTuple):
    """By which version a tenant's properties were valued anew last, and when."""

    version: str
    began_ms: int

    @classmethod
    def parse(cls, told: bytes) -> Self:
        """Read what the ledger tells."""
        version, began_ms = told.decode().split()
        return cls(version, int(began_ms))


class Revaluing:
    """Begins revaluations; of one tenant and model there is one at a time.

    Args:
        client: Where the champion is told, and what was done.
        settings: When properties are valued anew.
        files: Where their rows go.
        store: Where the model versions are.
        archive: Where the properties are.
        stops: Tells whether to begin nothing more.
        now: Seconds since the epoch; by Redis's clock, as all that it is held against.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: WorkerSettings,
        files: BatchFiles,
        store: ModelStore,
        archive: "Archive",
        *,
        stops: Callable[[], bool] = lambda: False,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._redis: Any = client
        self._settings = settings
        self._files = files
        self._store = store
        self._archive = archive
        self._stops = stops
        self._now = now or (lambda: clock_ms(self._redis.time()) / 1000)
        self._batches = Batches(client, settings)
        self._unstored = UnstoredBatches(client, settings)
        #: The champion that was found at the last look, and when the next one is due.
        self._champion, self._next_s = "", 0.0
        #: How many more may be begun at this look.
        self._room = 0

    def look(self) -> None:
        """Begin what is due.

        Raises:
            ArchiveUnavailable: The archive cannot be reached; it is tried again.
            ArchiveNotMigrated: It is not as this code knows it; it is tried again.
            StoreError: Files or models are out of reach; it is tried again.
            redis.RedisError: Redis cannot be reached; it is tried again.
        """
        champion = self._promoted()
        if not champion or (champion == self._champion and self._now() < self._next_s):
            return
        card = self._store.card(champion)
        self._champion, self._next_s = champion, self._now() + _LATER_S
        try:
            pause_s = self._tend_all(card)
        except QueueRefusal as refusal:
            # The others' would be refused as well.
            _log.warning("revaluation_waits", reason=type(refusal).__name__)
        else:
            self._next_s = self._now() + pause_s

    def _tend_all(self, card: ModelCard) -> float:
        """Begin all that is due; return the seconds until the next look."""
        unstored = self._unstored.all()
        self._room = _AT_ONCE - self._under_way(card, unstored)
        tenants = self._archive.properties.tenants(card.name)
        pauses = [
            self._tend(tenant, card, last, unstored)
            for tenant, last in self._last_of(tenants, card)
        ]
        return min(pauses, default=_RARELY_S)

    def _under_way(self, card: ModelCard, unstored: Sequence[Unstored]) -> int:
        """Return how many are being priced.

        One by a champion that is none any more is of no use: it is ended.
        """
        found = 0
        for one in unstored:
            if one.batch.purpose != "revaluation" or one.batch.status in ENDED:
                continue
            if one.batch.model == card.name and one.batch.version != card.version:
                self._batches.cancel(one.tenant, one.batch.id)
                _log.warning("revaluation_superseded", batch=one.batch.id)
            else:
                found += 1
        return found

    def _last_of(
        self, tenants: Sequence[str], card: ModelCard
    ) -> Iterator[tuple[str, _Last | None]]:
        """Yield each tenant with what was done of its properties last."""
        if not tenants:
            return
        fields = [_field(tenant, card) for tenant in tenants]
        told = self._redis.hmget(keys.REVALUED, fields)
        for tenant, last in zip(tenants, told, strict=True):
            yield tenant, _Last.parse(last) if last else None

    def _tend(
        self,
        tenant: str,
        card: ModelCard,
        last: _Last | None,
        unstored: Sequence[Unstored],
    ) -> float:
        try:
            is_done = self._is_done(tenant, card, last, unstored)
        except (ArchiveUnavailable, ArchiveNotMigrated, StoreError):
            raise
        except (QueueRefusal, redis.RedisError):
            raise
        except Exception as error:  # noqa: BLE001 - one tenant's holds up no other's
            _log.error("tenant_not_revalued", tenant=tenant, reason=reason_of(error))
            return _LATER_S
        return _RARELY_S if is_done else _AGAIN_S

    def _promoted(self) -> str | None:
        # It is kept there by who announces promotions: the store is not asked twice.
        known = self._redis.get(keys.ALIASES)
        return Aliases.from_json(known).champion if known else None

    def _is_done(
        self,
        tenant: str,
        card: ModelCard,
        last: _Last | None,
        unstored: Sequence[Unstored],
    ) -> bool:
        """Begin a tenant's revaluation if it is due; False where it has to wait."""
        if any(_is_in_the_way(one, tenant, card) for one in unstored):
            return False
        is_due = last is not None and self._is_of_last_month(last)
        if last and last.version == card.version and not is_due:
            return True
        if self._room <= 0:
            return False
        lags = self._archive.revaluations.lags
        if is_due or lags(tenant, card.name, card.version):
            return self._begin(tenant, card, last)
        told = f"{card.version} {round(self._now() * 1000)}"
        self._redis.hset(keys.REVALUED, _field(tenant, card), told)
        return True

    def _is_of_last_month(self, last: _Last) -> bool:
        if self._settings.revalue != "monthly":
            return False
        today = datetime.fromtimestamp(self._now(), UTC)
        began = datetime(today.year, today.month, 1, _HOUR, tzinfo=UTC)
        return last.began_ms < began.timestamp() * 1000 and today >= began

    def _begin(self, tenant: str, card: ModelCard, last: _Last | None) -> bool:
        """Make the batch; False where the worker is to stop."""
        if self._redis.exists(keys.MEMORY_FULL):
            # Before all of it is written.
            raise MemoryFull(_LATER_S)
        batch_id = new_id()
        try:
            return self._send(batch_id, tenant, card, last)
        except (redis.ConnectionError, redis.TimeoutError):
            # It may be taken: its files are needed then.
            raise
        except Exception:
            self._discard(batch_id)
            raise

    def _send(
        self, batch_id: str, tenant: str, card: ModelCard, last: _Last | None
    ) -> bool:
        rows = self._write(batch_id, tenant, card)
        if not rows:
            self._discard(batch_id)
            return not self._stops()
        receipt = self._batches.submit(
            self._submission(batch_id, tenant, card, rows, last)
        )
        if receipt.replayed:
            self._discard(batch_id)
        else:
            self._room -= 1
            _log.info("revaluation_begun", batch=batch_id, properties=rows)
        return True

    def _discard(self, batch_id: str) -> None:
        """Remove files that no batch has; where that fails they are swept in time."""
        with contextlib.suppress(redis.RedisError, StoreError):
            if not self._batches.are_known([batch_id])[0]:
                self._files.drop(batch_id)

    def _submission(
        self,
        batch_id: str,
        tenant: str,
        card: ModelCard,
        rows: int,
        last: _Last | None,
    ) -> BatchSubmission:
        return BatchSubmission(
            id=batch_id,
            tenant=tenant,
            model=card.name,
            version=card.version,
            purpose="revaluation",
            alias="champion",
            rows=rows,
            chunk_rows=self._settings.batch_chunk_rows,
            columns=None,
            metadata=b"{}",
            fingerprint="",
            # No client can send a key with the end of a line in it. Of two workers that
            # begin the same one is taken.
            idempotency_key=f"revaluation\n{card.name} {card.version}\n{last}",
            meter=None,
        )

    def _write(self, batch_id: str, tenant: str, card: ModelCard) -> int:
        """Write the rows of a revaluation, page by page; return how many.

        None are left to be priced where the worker is to stop.
        """
        size, rows, after = self._settings.batch_chunk_rows, 0, ""
        for number in itertools.count(1):
            if self._stops():
                return 0
            page = self._archive.properties.after(tenant, card.name, after, size)
            if page:
                told = [row_of(one.id, one.input) for one in page]
                self._files.write_rows(
                    batch_id, number, list(enumerate(told, rows + 1))
                )
                rows, after = rows + len(page), page[-1].id
            if len(page) < size:
                break
        return rows


def _field(tenant: str, card: ModelCard) -> str:
    return f"{tenant} {card.name}"


def _is_in_the_way(one: Unstored, tenant: str, card: ModelCard) -> bool:
    """Tell whether a batch of the same properties must be stored first."""
    if (one.tenant, one.batch.model) != (tenant, card.name):
        return False
    # What is imported at the old champion's price is lagging once it is there.
    is_outdated = one.batch.version != card.version
    return is_outdated or one.batch.purpose == "revaluation"

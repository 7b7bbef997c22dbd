"""Stores what batches were priced for: properties, and what they are worth.

A chunk is written in one transaction, then the ledger is told: who dies in between
writes the same again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import orjson
import redis

from model_store import logs
from model_store.archive.prediction import house_hash
from model_store.archive.property import Property
from model_store.archive.valuation import Valuation
from model_store.errors import (
    ArchiveNotMigrated,
    ArchiveUnavailable,
    ModelStoreError,
    StoreError,
    UnknownModel,
)
from model_store.store import ModelStore
from worker import batch_rows
from worker.batch_files import BatchFiles, FileLost
from worker.predictors import reason_of
from worker.unstored import Unstored, UnstoredBatches

if TYPE_CHECKING:
    from model_store.archive.archive import Archive
    from model_store.archive.revaluations import Held

#: A price has moved that is another by more than this share of what it was.
_MOVED = 0.05
#: Files of a batch that are gone, or are not what they were, are waited for so long: a
#: volume may be mounted again, and a release mend what cannot be read.
_PATIENCE_MS = 24 * 3600 * 1000

_log = logs.logger(__name__)


class _Priced(NamedTuple):
    """A row that has a price."""

    property_id: str
    #: As canonical JSON.
    house: bytes
    output: bytes


class Storing:
    """Takes what has been priced to the archive, batch by batch.

    Args:
        unstored: What is to be stored.
        files: Where rows and prices lie.
        store: Where the model versions are.
        archive: Where it goes.
        tell: Called with each revaluation once all of it is stored.
    """

    def __init__(
        self,
        unstored: UnstoredBatches,
        files: BatchFiles,
        store: ModelStore,
        archive: "Archive",
        *,
        tell: Callable[[Unstored], object],
    ) -> None:
        self._unstored = unstored
        self._files = files
        self._store = store
        self._archive = archive
        self._tell = tell
        #: Id of a batch that could not be stored -> why, so that it is logged once.
        self._stuck: dict[str, str] = {}

    def look(self) -> None:
        """Store all that can be stored now; a batch that cannot holds up no other.

        Raises:
            ArchiveUnavailable: The archive cannot be reached; nothing is lost.
            ArchiveNotMigrated: It is not as this code knows it; nothing is lost.
            redis.RedisError: Redis cannot be reached; nothing is lost.
        """
        stuck = {}
        for one in self._unstored.all():
            try:
                self._take(one)
            except (ArchiveUnavailable, ArchiveNotMigrated, redis.RedisError):
                raise
            except Exception as error:  # noqa: BLE001 - it holds up no other
                reason = stuck[one.batch.id] = reason_of(error)
                if self._stuck.get(one.batch.id) != reason:
                    _log.error("batch_not_stored", batch=one.batch.id, reason=reason)
        self._stuck = stuck

    def _take(self, one: Unstored) -> None:
        for number, end in one.ready():
            now = self._unstored.find(one.batch.id)
            if now is None:
                # Its client has deleted it.
                return
            if number > now.chunks_stored:
                self._take_chunk(now, number, end)
        now = self._unstored.find(one.batch.id)
        if now is None or not now.is_over:
            return
        if now.batch.purpose == "revaluation":
            # First: who dies in between tells the same event again.
            self._tell(now)
        self._unstored.let_go(now.batch.id)
        _log.info("batch_stored", batch=now.batch.id, rows=now.batch.stored)

    def _take_chunk(self, one: Unstored, number: int, end: str) -> None:
        # Of a property that is there twice the last row counts.
        named = {row.property_id: row for row in self._priced(one, number, end)}
        held = self._archive.revaluations.held(
            one.tenant, list(named), but=one.batch.id
        )
        rows = [row for row in named.values() if _counts(one, row, held)]
        # Of a property that is in two chunks the later one's price is the newest.
        valued_ms = max(one.valued_ms, self._unstored.priced_ms(one, number))
        if rows:
            is_told = one.batch.purpose == "properties"
            self._archive.properties.store(
                [_property(one, row) for row in rows if is_told],
                [_valuation(one, row, valued_ms) for row in rows],
            )
        changes = _changes(held, rows)
        self._unstored.note(one, number, len(rows), valued_ms, changes)

    def _priced(self, one: Unstored, number: int, end: str) -> list[_Priced]:
        """Return the rows of a chunk that have a price; none if they are lost."""
        if not end.isdigit():
            return []
        try:
            return self._read(one, number, int(end))
        except Exception as error:
            lost = self._why_lost(one, error)
            if lost is None:
                raise
        self._unstored.note_lost()
        _log.error("chunk_not_stored", batch=one.batch.id, chunk=number, reason=lost)
        return []

    def _why_lost(self, one: Unstored, error: Exception) -> str | None:
        """Return why a chunk can be read no more; None where it is tried again.

        Raises:
            StoreError: It is tried again, and what helps.
        """
        if isinstance(error, UnknownModel):
            # Not lost where the store is another one, or empty: this raises as well.
            self._store.resolve("champion")
            return str(error)
        if not isinstance(error, FileLost):
            # Whatever is out of reach comes back, and what is wrong may be mended.
            is_outage = isinstance(error, ModelStoreError)
            return None if is_outage or self._may_wait(one) else reason_of(error)
        if one.batch.id not in self._files.ids() and self._may_wait(one):
            raise StoreError(
                f"{error}, and all other files of the batch: see that"
                " KERBSIDE_BATCHES_URL is the same here as where batches are"
                " taken, or delete the batch"
            ) from error
        return str(error)

    def _may_wait(self, one: Unstored) -> bool:
        """Tell whether files that cannot be read are to be tried again."""
        return self._unstored.unread_ms(one.batch.id) < _PATIENCE_MS

    def _read(self, one: Unstored, number: int, attempt: int) -> list[_Priced]:
        batch = one.batch
        told = map(
            orjson.loads, self._files.prices(batch.id, number, attempt).splitlines()
        )
        by_line = {price["line"]: price for price in told}
        house_of = self._reader(one)
        return [
            _Priced(
                by_line[line]["custom_id"],
                house_of(row),
                orjson.dumps(by_line[line]["output"]),
            )
            for line, row in self._files.rows(batch.id, number)
            if line in by_line
        ]

    def _reader(self, one: Unstored) -> Callable[[bytes], bytes]:
        """Return what reads the house of a row."""
        if one.batch.purpose == "revaluation":
            return batch_rows.house_of
        schema = self._store.card(one.batch.version).schema
        return batch_rows.Rows(schema, one.batch.columns, one.batch.purpose).canonical


def _property(one: Unstored, row: _Priced) -> Property:
    return Property(
        tenant=one.tenant,
        id=row.property_id,
        model=one.batch.model,
        input=row.house,
        max_age_s=one.max_age_s,
        metadata=one.batch.metadata,
        created_ms=one.told_ms,
        updated_ms=one.told_ms,
    )


def _valuation(one: Unstored, row: _Priced, valued_ms: int) -> Valuation:
    return Valuation(
        tenant=one.tenant,
        property_id=row.property_id,
        source_id=one.batch.id,
        valued_ms=valued_ms,
        model=one.batch.model,
        version=one.batch.version,
        input_digest=house_hash(row.house),
        output=row.output,
    )


def _counts(one: Unstored, row: _Priced, held: Mapping[str, "Held"]) -> bool:
    """Tell whether a row still says what its client wants of the property."""
    known = held.get(row.property_id)
    if one.batch.purpose == "properties":
        # Unless it was changed since the import was sent.
        return known is None or known.updated_ms <= one.told_ms
    return known is not None and known.input_digest == house_hash(row.house)


def _changes(held: Mapping[str, "Held"], rows: Sequence[_Priced]) -> dict[str, float]:
    """Return by how much each of `unstored.COUNTS` grows."""
    pairs = [
        (before, orjson.loads(row.output)["price"])
        for row in rows
        if (known := held.get(row.property_id)) and (before := known.price)
    ]
    return {
        "compared": len(pairs),
        "moved": sum(abs(after / before - 1) > _MOVED for before, after in pairs),
        "value_before": sum(before for before, _ in pairs),
        "value_after": sum(after for _, after in pairs),
    }

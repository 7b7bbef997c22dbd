"""What the archive takes up of its feed: ended jobs, erasures, what operators did.

What is written is what Redis says at that moment, and only what is still so afterwards
leaves Redis. So an entry may be taken up twice, late or out of turn.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import redis

from model_store import logs
from model_store.archive.archive import Archive
from model_store.archive.audit import AuditEntry
from model_store.archive.valuation import Valuation
from model_store.errors import ArchiveNotMigrated, ArchiveUnavailable
from worker import apart
from worker.archived import prediction_of, valuation_of
from worker.errors import frames_of
from worker.feed import ENDED, Entry, Feed, Look, Settled
from worker.metrics import Metrics

#: Times that a job is read anew which changes while it is archived.
_TRIES = 3
#: What is no fault of what is to be written: all of it is tried again later.
_DOWN = (
    ArchiveUnavailable,
    ArchiveNotMigrated,
    redis.ConnectionError,
    redis.TimeoutError,
)

Records = Mapping[str, Mapping[bytes, bytes]]

_log = logs.logger(__name__)


class Archiving:
    """Takes up entries of the feed.

    Args:
        feed: Where they come from.
        archive: Where they go.
        metrics: Where they are counted.
    """

    def __init__(self, feed: Feed, archive: Archive, metrics: Metrics) -> None:
        self._feed = feed
        self._archive = archive
        self._metrics = metrics

    def take_up(self, entries: Sequence[Entry]) -> None:
        """Archive what entries tell of; what cannot be written stays in the feed.

        Raises:
            ArchiveUnavailable: The archive cannot be reached; nothing is lost.
            ArchiveNotMigrated: It is not as this code knows it; nothing is lost.
            redis.RedisError: Redis cannot be reached; nothing is lost.
        """
        left = list(entries)
        for _ in range(_TRIES):
            if not left:
                return
            changed = self._feed.settle(self._written(left))
            left = [entry for entry in left if entry.id in changed]

    def _written(self, entries: Sequence[Entry]) -> list[Settled]:
        """Write what entries tell of; return those that are in the archive now."""
        jobs = dict.fromkeys(entry.job_id for entry in entries if entry.job_id)
        looks = self._feed.look(list(jobs))
        ended = {
            job_id: look.record
            for job_id, look in looks.items()
            if look.record.get(b"state") in ENDED
        }
        deliveries = {
            entry.job_id: entry.delivery
            for entry in entries
            if entry.job_id and entry.delivery
        }
        actions = {entry.id.decode(): entry.audit for entry in entries if entry.audit}
        refused = {
            *self._unknown(entries),
            *self._each("erasure", _erasures(entries, looks), self._erase),
            *self._each("webhook", deliveries, self._note_ends),
            *self._each("action", actions, self._append),
            *self._each("prediction", ended, self._upsert),
            *self._each("valuation", _valuations(ended), self._record),
        }
        return [
            Settled(entry, ended.get(entry.job_id or ""))
            for entry in entries
            if not refused & {entry.id.decode(), entry.job_id}
        ]

    def _unknown(self, entries: Sequence[Entry]) -> Iterator[str]:
        """Yield entries of a kind that this code does not know: of a newer release."""
        for entry in entries:
            if not (entry.job_id or entry.audit):
                self._refuse("entry", entry.id.decode(), reason="unknown kind")
                yield entry.id.decode()

    def _each(
        self,
        what: str,
        told: Mapping[str, Any],
        write: Callable[[Mapping[str, Any]], None],
    ) -> set[str]:
        """Write things of one kind; return those that cannot be written."""
        refused = apart.write(
            list(told.items()), lambda some: write(dict(some)), down=_DOWN
        )
        for (one, _), error in refused:
            self._refuse(what, one, reason=frames_of(error))
        self._metrics.archived(what, len(told) - len(refused))
        return {one for (one, _), _ in refused}

    def _refuse(self, what: str, which: str, *, reason: str) -> None:
        self._metrics.archive_failed()
        _log.error("not_archived", what=what, id=which, reason=reason)

    def _upsert(self, ended: Records) -> None:
        self._archive.predictions.upsert(prediction_of(*one) for one in ended.items())

    def _record(self, valuations: Mapping[str, Valuation]) -> None:
        self._archive.valuations.record(valuations.values())

    def _erase(self, erasures: Mapping[str, str]) -> None:
        known = self._archive.predictions.by_ids(list(erasures))
        for job_id, tenant in erasures.items():
            if job_id in known:
                # First: who finds nothing in the archive would not know of them.
                deliveries = known[job_id].further.get("deliveries", "")
                self._feed.erase(deliveries.split())
            # An outcome or a challenger's price may be there without it.
            self._archive.predictions.delete(tenant, job_id)

    def _note_ends(self, deliveries: Mapping[str, str]) -> None:
        """Write what became of webhooks that told of jobs again, as of now."""
        ends = self._feed.ends_told(list(deliveries.values()))
        for job_id, delivery in deliveries.items():
            if delivery in ends:
                sequence, was_taken = ends[delivery]
                status = "delivered" if was_taken else "failed"
                self._archive.predictions.note_webhook(job_id, sequence, status)

    def _append(self, actions: Mapping[str, bytes]) -> None:
        self._archive.audit.append(map(_action, actions.values()))


def _valuations(ended: Records) -> dict[str, Valuation]:
    """Return what jobs say of properties, by the ids of the jobs."""
    found = {job_id: valuation_of(job_id, record) for job_id, record in ended.items()}
    return {job_id: one for job_id, one in found.items() if one is not None}


def _erasures(entries: Iterable[Entry], looks: Mapping[str, Look]) -> dict[str, str]:
    """Return the jobs that were deleted, and whose they were.

    An earlier entry of the same job tells nothing of it: what is left in Redis does.
    """
    told = {
        job_id: look.erased_for for job_id, look in looks.items() if look.erased_for
    }
    for entry in entries:
        if entry.job_id and entry.erased_for:
            told[entry.job_id] = entry.erased_for
    return told


def _action(told: bytes) -> AuditEntry:
    action = orjson.loads(told)
    return AuditEntry(
        time_ms=int(datetime.fromisoformat(action["time"]).timestamp() * 1000),
        actor=action["actor"],
        operation=action["operation"],
        targets=tuple(action["targets"]),
        target_count=action["target_count"],
        request_id=action["request_id"],
        outcome=action["outcome"],
    )

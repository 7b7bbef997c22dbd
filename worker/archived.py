"""Jobs that have left Redis for the archive: written there, and read again."""

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from model_store.archive.gate import Gate
from model_store.archive.prediction import Prediction, house_hash
from model_store.archive.valuation import Valuation
from model_store.settings import ModelSettings
from worker.jobs import Job, State

if TYPE_CHECKING:
    from model_store.archive.archive import Archive

#: Fields of a record that the archive has columns for, as they are named there.
_TEXTS = ("tenant", "model", "version", "alias", "state", "detail", "error")
_NUMBERS = {
    "sequence": "sequence",
    "attempts": "attempts",
    "created": "created_ms",
    "started": "started_ms",
    "completed": "completed_ms",
}
_JSON = ("input", "metadata", "output")
#: What is of no use once a job has ended: who had it in hand, and what is counted by
#: those who are on their way.
_PASSING = {"worker", "undelivered"}

Record = Mapping[bytes, bytes]


def prediction_of(job_id: str, record: Record) -> Prediction:
    """Return what the archive keeps of an ended job: all that its record says.

    Args:
        job_id: Its id.
        record: Its ledger hash.
    """
    left: dict[str, bytes] = {
        name.decode(): value for name, value in record.items() if value
    }
    for name in _PASSING:
        left.pop(name, None)
    known: dict[str, Any] = {"fingerprint": left.pop("fingerprint", b"").decode()}
    for name in _TEXTS:
        if name in left:
            known[name] = left.pop(name).decode()
    for name, column in _NUMBERS.items():
        if name in left:
            known[column] = int(left.pop(name))
    for name in _JSON:
        if name in left:
            known[name] = left.pop(name)
    further = {name: value.decode() for name, value in left.items()}
    return Prediction(id=job_id, **known, further=further)


def valuation_of(job_id: str, record: Record) -> Valuation | None:
    """Return what a job says of its property; None where it has none, or no price.

    Args:
        job_id: Its id.
        record: Its ledger hash.
    """
    property_id, output = record.get(b"property"), record.get(b"output")
    if not property_id or not output:
        return None
    return Valuation(
        tenant=record[b"tenant"].decode(),
        property_id=property_id.decode(),
        source_id=job_id,
        valued_ms=int(record[b"completed"]),
        model=record[b"model"].decode(),
        version=record[b"version"].decode(),
        input_digest=house_hash(record[b"input"]),
        output=output,
    )


def record_of(prediction: Prediction) -> dict[bytes, bytes]:
    """Return the record of an archived job, as the ledger had it."""
    texts: dict[str, str | None] = dict(prediction.further)
    for name in ("fingerprint", *_TEXTS):
        texts[name] = getattr(prediction, name)
    for name, column in _NUMBERS.items():
        number = getattr(prediction, column)
        texts[name] = None if number is None else str(number)
    record = {name.encode(): text.encode() for name, text in texts.items() if text}
    for name in _JSON:
        if json := getattr(prediction, name):
            record[name.encode()] = json
    return record


def job_of(prediction: Prediction) -> Job:
    """Return an archived job."""
    return Job.from_record(prediction.id, record_of(prediction))


class ArchivedJobs:
    """The jobs of the archive, for who reads them; safe in any number of threads.

    Args:
        archive: Where they are.
    """

    def __init__(self, archive: "Archive") -> None:
        self._predictions = archive.predictions

    def record(self, tenant: str, job_id: str) -> Record | None:
        """Return the record of a tenant's job; None where the archive has none.

        Raises:
            ArchiveUnavailable: It cannot be asked.
            ArchiveError: It cannot be used as it is.
        """
        found = self._predictions.get(job_id)
        if found is None or found.tenant != tenant:
            return None
        return record_of(found)

    def owner(self, job_id: str) -> tuple[str, str] | None:
        """Return whose a job is, and its fingerprint; None where there is none.

        Raises:
            ArchiveUnavailable: It cannot be asked.
            ArchiveError: It cannot be used as it is.
        """
        found = self._predictions.get(job_id)
        return None if found is None else (found.tenant, found.fingerprint)

    def page(self, tenant: str, *, states: frozenset[State], **place: Any) -> list[Job]:
        """Return jobs of a tenant, newest first.

        Args:
            tenant: Whose.
            states: In which they must be; any where it is empty.
            place: As `Predictions.page` takes it.

        Raises:
            ArchiveUnavailable: It cannot be asked.
            ArchiveError: It cannot be used as it is.
        """
        among = [state.value for state in states] or None
        found = self._predictions.page(tenant, states=among, **place)
        return [job_of(one) for one in found]


def of(settings: ModelSettings) -> ArchivedJobs | None:
    """Return what reads the jobs of an installation's archive; None without one."""
    archive = shared(settings)
    return None if archive is None else ArchivedJobs(archive)


def shared(settings: ModelSettings) -> "Archive | None":
    """Return the archive that all share who serve requests; None without one.

    It is one for a process, behind one gate: whatever asks it, an archive that does not
    answer holds few threads.
    """
    if settings.archive_url is None:
        return None
    return _shared(settings.archive_url, settings.archive_timeout_s)


@functools.cache
def _shared(url: str, limit_s: float) -> "Archive":
    # Only who has an archive pays for what reads it.
    from model_store.archive.archive import Archive  # noqa: PLC0415

    return Archive(url, limit_s=limit_s, gate=Gate())

"""Takes the body of a batch: its rows become files, then the ledger takes it."""

import contextlib
import functools
import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import redis

from api import answers, batch_body, headers
from api import upload as wire
from api.answers import Answer
from api.batch_options import BatchOptions
from api.batch_problems import (
    BatchFilesAway,
    NoBatches,
    TooManyOpenBatches,
    TooManyRows,
    UnknownBatch,
)
from api.call import Call
from api.catalog import Served
from api.errors import KeyReused, MalformedBody, ServiceError
from api.submission import milliseconds
from model_store import logs
from model_store.aliases import ALIAS_NAMES
from model_store.errors import StoreError
from worker import batches
from worker.batch import Purpose
from worker.batch_files import BatchFiles, Row
from worker.batches import BatchReceipt, BatchSubmission
from worker.errors import IdempotencyMismatch, OpenJobsQuota, QueueError, UnknownJob

#: Seconds after which a batch that has not ended is worth asking for again.
AGAIN_S = "2"

_log = logs.logger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch is to be, beside its rows."""

    purpose: Purpose
    #: Alias or id of the version, as it was named, and what that is.
    named: str
    served: Served
    options: BatchOptions


def take(call: Call, wanted: Wanted) -> Answer:
    """Take the batch in the body of a request; return the answer.

    Raises:
        ServiceError: It is not taken; nothing is left of it.
    """
    taken = files(call)
    form = batch_body.form_of(call.environ.get("CONTENT_TYPE"))
    headers.require_uncompressed(call.environ.get("HTTP_CONTENT_ENCODING"))
    key = headers.idempotency_key(call.environ.get("HTTP_IDEMPOTENCY_KEY"))
    spooled = _Spooled(taken, call, wanted)
    logs.bound(batch_id=spooled.id)
    try:
        spooled.take(form)
        receipt = _submit(call, _submission(call, wanted, spooled, form, key))
    except (ServiceError, QueueError):
        # Of any other fault nobody knows whether the batch was taken.
        spooled.drop()
        raise
    if receipt.replayed:
        spooled.drop()
    return _created(call, receipt)


def files(call: Call) -> BatchFiles:
    """Return the files of batches.

    Raises:
        NoBatches: There is no place for them.
    """
    url = call.shared.settings.batches_url
    if url is None:
        raise NoBatches
    return _opened(url)


def drop(kept: BatchFiles, batch_id: str) -> None:
    """Remove the files of a batch, now or later."""
    try:
        kept.drop(batch_id)
    except StoreError as error:
        # The upkeep removes what no record points at.
        _log.warning("batch_files_left", batch_id=batch_id, error=str(error))


@contextlib.contextmanager
def reaching_files(call: Call) -> Iterator[None]:
    """Have it told as such where files cannot be reached.

    Raises:
        BatchFilesAway: They cannot.
    """
    try:
        yield
    except StoreError as error:
        if call.shared.store_faults.allows():
            _log.error("batch_files_failed", error=str(error))
        # The answer is the same where that cannot be counted.
        with contextlib.suppress(redis.RedisError):
            call.shared.batches.note_out_of_reach()
        raise BatchFilesAway from error


@functools.cache
def _opened(url: str) -> BatchFiles:
    return BatchFiles(url)


class _Spooled:
    """The rows of a body on their way to the batch's files."""

    def __init__(self, kept: BatchFiles, call: Call, wanted: Wanted) -> None:
        self.id = batches.new_id()
        self.rows = 0
        self.columns: Sequence[str] | None = None
        self._files = kept
        self._call = call
        self._wanted = wanted
        self._hash = hashlib.blake2b(digest_size=16)

    def take(self, form: str) -> None:
        """Read the body and write its rows, a chunk at a time.

        Raises:
            ServiceError: It is too large, is not of its form, or came too slowly; or
                the files cannot be written.
        """
        environ, settings = self._call.environ, self._call.shared.settings
        blocks = self._hashed(wire.blocks(environ, settings.batch_bytes))
        with self._call.shared.uploads.watched(environ, settings.batch_upload_s):
            body = batch_body.read(
                blocks,
                form,
                self._wanted.served.card.schema,
                is_named=self._wanted.purpose == "properties",
            )
            self.columns = body.columns
            for number in itertools.count(1):
                rows = list(itertools.islice(body.rows, settings.batch_chunk_rows))
                if not rows:
                    break
                self._write(number, rows)
        if not self.rows:
            raise MalformedBody("There are no rows in the body.")

    def fingerprint(self, form: str) -> str:
        """Hash what was asked for; the body counts as it was written."""
        told = (form, self._wanted.purpose, self._wanted.named)
        for part in (*map(str.encode, told), self._wanted.options.canonical):
            self._hash.update(b"\0" + part)
        return self._hash.hexdigest()

    def drop(self) -> None:
        """Remove what was written."""
        drop(self._files, self.id)

    def _hashed(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._hash.update(block)
            yield block

    def _write(self, number: int, rows: Sequence[Row]) -> None:
        self.rows += len(rows)
        most = self._call.shared.settings.batch_rows
        if self.rows > most:
            raise TooManyRows(
                f"The batch has more than {most} rows, the most that this service "
                "takes: send it in parts."
            )
        with reaching_files(self._call):
            self._files.write_rows(self.id, number, rows)


def _submission(
    call: Call, wanted: Wanted, spooled: _Spooled, form: str, key: str | None
) -> BatchSubmission:
    options, card = wanted.options, wanted.served.card
    return BatchSubmission(
        id=spooled.id,
        tenant=call.caller.tenant,
        model=card.name,
        version=card.version,
        purpose=wanted.purpose,
        alias=wanted.named if wanted.named in ALIAS_NAMES else None,
        rows=spooled.rows,
        chunk_rows=call.shared.settings.batch_chunk_rows,
        columns=spooled.columns,
        metadata=options.labels,
        deadline_ms=milliseconds(options.deadline),
        error_threshold=options.error_threshold,
        max_age_s=options.max_age,
        webhook=options.webhook,
        fingerprint=spooled.fingerprint(form),
        idempotency_key=key,
        meter=call.caller.meter,
    )


def _submit(call: Call, submission: BatchSubmission) -> BatchReceipt:
    try:
        return call.shared.batches.submit(submission)
    except IdempotencyMismatch as error:
        raise KeyReused(
            members={"batch": error.job_id}, headers=headers.left(error.allowance)
        ) from error
    except OpenJobsQuota as error:
        raise TooManyOpenBatches(
            f"Your batches may have {error.quota} chunks open, and have as many or "
            "more (its operator sets `KERBSIDE_BATCH_QUOTA`); nothing was queued.",
            retry_after_s=error.retry_after_s,
            headers=headers.left(error.allowance),
        ) from error
    except UnknownJob as error:
        raise UnknownBatch from error


def _created(call: Call, receipt: BatchReceipt) -> Answer:
    body = receipt.batch.public(call.shared.settings.public_url)
    extra = {"Location": body["urls"]["get"], "Retry-After": AGAIN_S}
    if receipt.replayed:
        extra["Idempotency-Replayed"] = "true"
    return answers.json(body, 202, extra | headers.left(receipt.allowance))

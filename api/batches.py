"""/v1/batches: many houses at once, priced beside those that somebody waits for."""

import contextlib
import functools
import hashlib
import itertools
from collections.abc import Iterator, Sequence

import orjson
import redis
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import (
    answers,
    batch_body,
    batch_events,
    batch_options,
    batch_results,
    byte_ranges,
    headers,
    paging,
    queries,
)
from api import upload as wire
from api.answers import Answer
from api.auth import requires
from api.batch_events import EVENT_STREAM
from api.batch_options import BatchOptions
from api.batch_problems import (
    BatchFilesAway,
    NoBatches,
    TooManyOpenBatches,
    TooManyRows,
    UnknownBatch,
)
from api.byte_ranges import Parts
from api.call import Call, current_call
from api.catalog import CHAMPION, Served
from api.errors import KeyReused, MalformedBody, ServiceError
from api.headers import CSV, NDJSON
from api.submission import milliseconds
from model_store import logs
from model_store.aliases import ALIAS_NAMES
from model_store.errors import StoreError
from worker import batch_files, batches
from worker.batch import ENDED, PATH, Batch
from worker.batch_files import BatchFiles, Row
from worker.batch_rows import row_model
from worker.batches import BatchReceipt, BatchSubmission
from worker.errors import IdempotencyMismatch, OpenJobsQuota, QueueError, UnknownJob

#: Seconds after which a batch that has not ended is worth asking for again.
_AGAIN_S = "2"
_STREAMS = (NDJSON, CSV)

_log = logs.logger(__name__)

api = APIBlueprint("batches", __name__, url_prefix=PATH, abp_tags=[Tag(name="batches")])


class BatchPath(BaseModel):
    """Which batch."""

    batch_id: str = Field(description="Id of a batch, `bat_...`.")


@api.post("", operation_id="create_batch")
@requires("predict")
def create() -> Answer:
    """Submit many houses to be priced: a CSV table, JSON lines or a JSON list."""
    call = current_call()
    files = _files(call)
    form = batch_body.form_of(call.environ.get("CONTENT_TYPE"))
    headers.require_uncompressed(call.environ.get("HTTP_CONTENT_ENCODING"))
    key = headers.idempotency_key(call.environ.get("HTTP_IDEMPOTENCY_KEY"))
    asked = queries.known(request.args, ("version", *batch_options.NAMES))
    named = asked.get("version", CHAMPION)
    options = batch_options.read(asked, call.shared.settings)
    served = call.shared.catalog.served(named)
    spooled = _Spooled(files, call, served)
    logs.bound(batch_id=spooled.id)
    try:
        spooled.take(form)
        receipt = _submit(
            call,
            BatchSubmission(
                id=spooled.id,
                tenant=call.caller.tenant,
                model=served.card.name,
                version=served.card.version,
                alias=named if named in ALIAS_NAMES else None,
                rows=spooled.rows,
                chunk_rows=call.shared.settings.batch_chunk_rows,
                columns=spooled.columns,
                metadata=options.labels,
                deadline_ms=milliseconds(options.deadline),
                error_threshold=options.error_threshold,
                webhook=options.webhook,
                fingerprint=spooled.fingerprint(form, named, options),
                idempotency_key=key,
                meter=call.caller.meter,
            ),
        )
    except (ServiceError, QueueError):
        # Of any other fault nobody knows whether the batch was taken.
        spooled.drop()
        raise
    if receipt.replayed:
        spooled.drop()
    return _created(call, receipt)


@api.get("", operation_id="list_batches")
@requires("read")
def list_all() -> Answer:
    """List your batches, newest first."""
    call = current_call()
    asked = queries.known(request.args, ("limit", "cursor"))
    limit = queries.limit(asked)
    found = call.shared.batches.page(
        call.caller.tenant, limit=limit, before=_before(asked.get("cursor"))
    )
    url = call.shared.settings.public_url
    results = b",".join(orjson.dumps(one.public(url)) for one in found.batches)
    older = f"{paging.OLDER}{found.next}" if found.next else None
    return paging.answer(call, PATH, asked, results, older=older, newer=None)


@api.get("/<batch_id>", operation_id="fetch_batch")
@requires("read")
def fetch(path: BatchPath) -> Answer:
    """Read how far a batch has come."""
    call = current_call()
    return _told(call, _found(call, path))


@api.post("/<batch_id>/cancel", operation_id="cancel_batch")
@requires("predict", "read")
def cancel(path: BatchPath) -> Answer:
    """End what has not ended of a batch; what has prices keeps them."""
    call = current_call()
    with _one_of_yours():
        batch = call.shared.batches.cancel(call.caller.tenant, _id(path))
    return answers.json(batch.public(call.shared.settings.public_url))


@api.delete("/<batch_id>", operation_id="delete_batch")
@requires("predict")
def delete(path: BatchPath) -> Answer:
    """Erase a batch, its rows and its prices; an open one is canceled first."""
    call = current_call()
    files = _files(call)
    with _one_of_yours():
        call.shared.batches.delete(call.caller.tenant, _id(path))
    _drop(files, path.batch_id)
    return answers.empty(204)


@api.get("/<batch_id>/results", operation_id="read_batch_results")
@requires("read", offers=_STREAMS)
def results(path: BatchPath) -> Response:
    """Read the prices of a batch in the order of its rows, while it runs too."""
    call = current_call()
    batch, files = _found(call, path), _files(call)
    wanted = _wanted(call)
    return _streamed(call, lambda: batch_results.prices(batch, files, wanted), wanted)


@api.get("/<batch_id>/errors", operation_id="read_batch_errors")
@requires("read", offers=_STREAMS)
def errors(path: BatchPath) -> Response:
    """Read what is wrong with rows of a batch, one error a line."""
    call = current_call()
    batch, files = _found(call, path), _files(call)
    house = call.shared.catalog.card(batch.version).schema.house_model()
    row = row_model(house, batch.purpose)
    wanted = _wanted(call)
    return _streamed(
        call, lambda: batch_results.errors(batch, files, wanted, row), wanted
    )


@api.get("/<batch_id>/events", operation_id="follow_batch")
@requires("read", offers=(EVENT_STREAM,))
def events(path: BatchPath) -> Response:
    """Follow a batch: an event for whatever has changed, until its end."""
    call = current_call()
    queries.known(request.args, ())
    return Response(
        _first_known(_events(call, path)),
        content_type=EVENT_STREAM,
        # A proxy that gathers what it is sent would keep the news back.
        headers={"X-Accel-Buffering": "no"},
    )


def _events(call: Call, path: BatchPath) -> Iterator[bytes]:
    with call.shared.waiting.waiter(path.batch_id) as waiter:
        yield from batch_events.stream(
            lambda: _found(call, path),
            waiter,
            seen=call.environ.get("HTTP_LAST_EVENT_ID"),
            seconds=call.shared.settings.wait_cap_s,
            base_url=call.shared.settings.public_url,
        )


class _Spooled:
    """The rows of a body on their way to the batch's files."""

    def __init__(self, files: BatchFiles, call: Call, served: Served) -> None:
        self.id = batches.new_id()
        self.rows = 0
        self.columns: Sequence[str] | None = None
        self._files = files
        self._call = call
        self._served = served
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
            body = batch_body.read(blocks, form, self._served.card.schema)
            self.columns = body.columns
            for number in itertools.count(1):
                rows = list(itertools.islice(body.rows, settings.batch_chunk_rows))
                if not rows:
                    break
                self._write(number, rows)
        if not self.rows:
            raise MalformedBody("There are no rows in the body.")

    def fingerprint(self, form: str, named: str, options: BatchOptions) -> str:
        """Hash what was asked for; the body counts as it was written."""
        for part in (form.encode(), named.encode(), options.canonical):
            self._hash.update(b"\0" + part)
        return self._hash.hexdigest()

    def drop(self) -> None:
        """Remove what was written."""
        _drop(self._files, self.id)

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
        with _reaching_files(self._call):
            self._files.write_rows(self.id, number, rows)


def _submit(call: Call, submission: BatchSubmission) -> BatchReceipt:
    try:
        return call.shared.batches.submit(submission)
    except IdempotencyMismatch as error:
        raise KeyReused(
            members={"batch": error.job_id}, headers=headers.left(error.allowance)
        ) from error
    except OpenJobsQuota as error:
        raise TooManyOpenBatches(
            retry_after_s=error.retry_after_s, headers=headers.left(error.allowance)
        ) from error
    except UnknownJob as error:
        raise UnknownBatch from error


def _created(call: Call, receipt: BatchReceipt) -> Answer:
    body = receipt.batch.public(call.shared.settings.public_url)
    extra = {"Location": body["urls"]["get"], "Retry-After": _AGAIN_S}
    if receipt.replayed:
        extra["Idempotency-Replayed"] = "true"
    return answers.json(body, 202, extra | headers.left(receipt.allowance))


def _told(call: Call, batch: Batch) -> Answer:
    body = answers.dumps(batch.public(call.shared.settings.public_url))
    extra = {} if batch.status in ENDED else {"Retry-After": _AGAIN_S}
    return answers.unless_known(body, call.environ.get("HTTP_IF_NONE_MATCH"), extra)


def _streamed(call: Call, parts: Parts, media_type: str) -> Response:
    """Return a stream; what fails before its first part still has a status."""
    with _reaching_files(call):
        if span := byte_ranges.asked(call.environ):
            return byte_ranges.response(span, parts, media_type)
        whole = Response(_first_known(parts()), content_type=media_type)
    whole.headers["Accept-Ranges"] = "bytes"
    return whole


def _first_known(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Return the parts after the first was made: until then it is an error."""
    first = next(parts, b"")
    return itertools.chain([first], parts)


def _wanted(call: Call) -> str:
    queries.known(request.args, ())
    return headers.preferred(call.environ.get("HTTP_ACCEPT"), _STREAMS) or NDJSON


def _files(call: Call) -> BatchFiles:
    url = call.shared.settings.batches_url
    if url is None:
        raise NoBatches
    return _opened(url)


@functools.cache
def _opened(url: str) -> BatchFiles:
    return BatchFiles(url)


def _drop(files: BatchFiles, batch_id: str) -> None:
    try:
        files.drop(batch_id)
    except StoreError as error:
        # The upkeep removes what no record points at.
        _log.warning("batch_files_left", batch_id=batch_id, error=str(error))


@contextlib.contextmanager
def _reaching_files(call: Call) -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        if call.shared.store_faults.allows():
            _log.error("batch_files_failed", error=str(error))
        # The answer is the same where that cannot be counted.
        with contextlib.suppress(redis.RedisError):
            call.shared.batches.note_out_of_reach()
        raise BatchFilesAway from error


@contextlib.contextmanager
def _one_of_yours() -> Iterator[None]:
    try:
        yield
    except UnknownJob as error:
        raise UnknownBatch from error


def _found(call: Call, path: BatchPath) -> Batch:
    with _one_of_yours():
        return call.shared.batches.find(call.caller.tenant, _id(path))


def _id(path: BatchPath) -> str:
    if not batch_files.ID.fullmatch(path.batch_id):
        raise UnknownJob
    return path.batch_id


def _before(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    batch_id = cursor.removeprefix(paging.OLDER)
    if batch_id == cursor or not batch_files.ID.fullmatch(batch_id):
        raise paging.unknown_cursor()
    return batch_id

"""/v1/batches: many houses at once, priced beside those that somebody waits for."""

import contextlib
import itertools
from collections.abc import Iterator

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import (
    answers,
    batch_events,
    batch_intake,
    batch_options,
    batch_results,
    byte_ranges,
    headers,
    paging,
    queries,
)
from api.answers import Answer
from api.auth import requires
from api.batch_events import EVENT_STREAM
from api.batch_intake import Wanted
from api.batch_problems import (
    UnknownBatch,
)
from api.byte_ranges import Parts
from api.call import Call, current_call
from api.catalog import CHAMPION
from api.headers import CSV, NDJSON
from model_store import logs
from worker import batch_files
from worker.batch import ENDED, PATH, Batch
from worker.batch_rows import row_model
from worker.errors import UnknownJob

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
    asked = queries.known(request.args, ("version", *batch_options.NAMES))
    named = asked.get("version", CHAMPION)
    options = batch_options.read(asked, call.shared.settings)
    served = call.shared.catalog.served(named)
    return batch_intake.take(call, Wanted("predictions", named, served, options))


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
    files = batch_intake.files(call)
    with _one_of_yours():
        call.shared.batches.delete(call.caller.tenant, _id(path))
    batch_intake.drop(files, path.batch_id)
    return answers.empty(204)


@api.get("/<batch_id>/results", operation_id="read_batch_results")
@requires("read", offers=_STREAMS)
def results(path: BatchPath) -> Response:
    """Read the prices of a batch in the order of its rows, while it runs too."""
    call = current_call()
    batch, files = _found(call, path), batch_intake.files(call)
    wanted = _wanted(call)
    return _streamed(
        call, batch, lambda: batch_results.prices(batch, files, wanted), wanted
    )


@api.get("/<batch_id>/errors", operation_id="read_batch_errors")
@requires("read", offers=_STREAMS)
def errors(path: BatchPath) -> Response:
    """Read what is wrong with rows of a batch, one error a line."""
    call = current_call()
    batch, files = _found(call, path), batch_intake.files(call)
    house = call.shared.catalog.card(batch.version).schema.house_model()
    row = row_model(house, batch.purpose)
    wanted = _wanted(call)
    return _streamed(
        call, batch, lambda: batch_results.errors(batch, files, wanted, row), wanted
    )


@api.get("/<batch_id>/events", operation_id="follow_batch")
@requires("read", offers=(EVENT_STREAM,))
def events(path: BatchPath) -> Response | Answer:
    """Follow a batch: an event for whatever has changed, until its end."""
    call = current_call()
    queries.known(request.args, ())
    seen = call.environ.get("HTTP_LAST_EVENT_ID")
    if seen and batch_events.is_over(_found(call, path), seen):
        # Who follows streams as HTML has it comes again until told so.
        return answers.empty(204)
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


def _told(call: Call, batch: Batch) -> Answer:
    body = answers.dumps(batch.public(call.shared.settings.public_url))
    extra = {} if batch.status in ENDED else {"Retry-After": batch_intake.AGAIN_S}
    return answers.unless_known(body, call.environ.get("HTTP_IF_NONE_MATCH"), extra)


def _streamed(call: Call, batch: Batch, parts: Parts, media_type: str) -> Response:
    """Return a stream; what fails before its first part still has a status.

    A table is sent whole: to make one takes seconds, and for a part of it, twice so.
    """
    has_ranges = media_type == NDJSON
    with batch_intake.reaching_files(call):
        if has_ranges and (span := byte_ranges.asked(call.environ)):
            is_growing = batch.status not in ENDED
            return byte_ranges.response(span, parts, media_type, is_growing=is_growing)
        whole = Response(_first_known(parts()), content_type=media_type)
    whole.headers["Accept-Ranges"] = "bytes" if has_ranges else "none"
    return whole


def _first_known(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Return the parts after the first was made: until then it is an error."""
    first = next(parts, b"")
    return itertools.chain([first], parts)


def _wanted(call: Call) -> str:
    queries.known(request.args, ())
    return headers.preferred(call.environ.get("HTTP_ACCEPT"), _STREAMS) or NDJSON


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

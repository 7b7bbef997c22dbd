"""What the OpenAPI document says of batches."""

from typing import Any

from api import archive_problems, batch_problems, errors, webhook_problems
from api.batch_events import EVENT_STREAM
from api.headers import CSV, NDJSON
from api.openapi.described import BODY_CAUSES, empty, operation, success, unchanged

_ANY = (
    errors.MissingKey,
    errors.InvalidKey,
    errors.MissingScope,
    errors.NotAcceptable,
    errors.ServiceError,
    errors.RedisUnavailable,
)
_ONE = (*_ANY, batch_problems.UnknownBatch)
_FILES = (batch_problems.NoBatches, batch_problems.BatchFilesAway)
_READING = (errors.MalformedParameter, batch_problems.RangeNotThere)
_PART = "The bytes that were asked for; lines may be cut."


def _rows(of_what: str, row: str) -> dict[str, Any]:
    told = f"The rows of {of_what}; whatever is no `{row}` has an error of its own and "
    return {
        "description": told + "stops no other.",
        "type": "array",
        "items": {"anyOf": [{"$ref": f"#/components/schemas/{row}"}, {}]},
        "minItems": 1,
    }


#: Bodies that no model has.
SCHEMAS: dict[str, dict[str, Any]] = {
    "BatchRows": _rows("a batch", "BatchRow"),
    "PropertyRows": _rows("an import", "PropertyRow"),
}


def _stream(description: str, lines: str, *names: str) -> dict[str, Any]:
    """Return the answer of a stream: JSON lines of a schema, or a table."""
    told = {"type": "string", "description": f"Lines, each a `{lines}` as JSON."}
    table = {"type": "string", "description": "A table, its first line names columns."}
    answer = empty(description, *names)
    answer["content"] = {NDJSON: {"schema": told}, CSV: {"schema": table}}
    return answer


def _events() -> dict[str, Any]:
    """Return the answer of a stream of events; each fits the schema, not their sum."""
    text = {"type": "string"}
    event = {
        "type": "object",
        "description": "`data` is a `Batch` as JSON, `event` is `progress` or the "
        "status at the end.",
        "properties": {"id": text, "event": text, "data": text},
        "required": ["id", "event", "data"],
    }
    answer = empty(
        "Whatever changes, until it has ended or the time of a request is over."
    )
    answer["content"] = {EVENT_STREAM: {"schema": event}}
    return answer


def _body(row: str) -> dict[str, dict[str, Any]]:
    lines = f"JSON lines, each a `{row}`."
    table = "A table: the first line names its columns, `custom_id` and the features."
    return {
        NDJSON: {"type": "string", "description": lines},
        CSV: {"type": "string", "description": table},
    }


#: The answer to a batch that is taken, and why one is not.
_TAKEN = {
    202: success(
        "Taken, now or by an earlier request with the same key.",
        "Batch",
        *("Location", "Retry-After", "Idempotency-Replayed"),
        *("RateLimit", "RateLimit-Policy"),
    )
}
_NOT_TAKEN = (
    *_ANY,
    *_FILES,
    *BODY_CAUSES,
    errors.MalformedHeader,
    errors.MalformedParameter,
    batch_problems.LengthRequired,
    errors.KeyReused,
    errors.QuotaExceeded,
    errors.QueueIsFull,
    errors.MemoryIsFull,
    errors.NoChampion,
    errors.StoreUnavailable,
    errors.ModelRefused,
    batch_problems.UnknownBatch,
    batch_problems.TooManyRows,
    batch_problems.TooManyOpenBatches,
    webhook_problems.SecretKeysMissing,
)
#: What is said of any batch.
_SAID = ("batch_metadata", "deadline", "error_threshold", "batch_webhook")

#: Operation id -> what the document says of it beside its path and summary.
OPERATIONS: dict[str, dict[str, Any]] = {
    "create_batch": operation(
        scopes=("predict",),
        success=_TAKEN,
        causes=(*_NOT_TAKEN, errors.UnknownVersion),
        parameters=("batch_version", *_SAID, "Idempotency-Key"),
        body="BatchRows",
        further_bodies=_body("BatchRow"),
    ),
    "import_properties": operation(
        scopes=("predict",),
        success=_TAKEN,
        causes=(*_NOT_TAKEN, archive_problems.NoArchive),
        parameters=("max_age", *_SAID, "Idempotency-Key"),
        body="PropertyRows",
        further_bodies=_body("PropertyRow"),
    ),
    "list_batches": operation(
        scopes=("read",),
        success={
            200: success("A page.", "BatchList", "Link", "ETag"),
            304: unchanged("Link", "ETag"),
        },
        causes=(*_ANY, errors.MalformedParameter),
        parameters=("limit", "cursor", "If-None-Match"),
    ),
    "fetch_batch": operation(
        scopes=("read",),
        success={
            200: success("As it is now.", "Batch", "ETag", "Retry-After"),
            304: unchanged("ETag", "Retry-After"),
        },
        causes=_ONE,
        parameters=("If-None-Match",),
    ),
    "cancel_batch": operation(
        scopes=("predict", "read"),
        success={200: success("As it is now.", "Batch")},
        causes=_ONE,
    ),
    "delete_batch": operation(
        scopes=("predict",),
        success={204: empty("It is erased.")},
        causes=(*_ONE, batch_problems.NoBatches),
    ),
    "follow_batch": operation(
        scopes=("read",),
        success={
            200: _events(),
            204: empty("It has ended, and `Last-Event-ID` is that of its end."),
        },
        causes=(*_ONE, errors.MalformedParameter),
        parameters=("Last-Event-ID",),
    ),
    "read_batch_results": operation(
        scopes=("read",),
        success={
            200: _stream(
                "Prices, in the order of the rows.", "BatchPrice", "Accept-Ranges"
            ),
            206: _stream(_PART, "BatchPrice", "Content-Range"),
        },
        causes=(*_ONE, *_FILES, *_READING),
        parameters=("Range",),
    ),
    "read_batch_errors": operation(
        scopes=("read",),
        success={
            200: _stream(
                "Errors, in the order of the rows.", "BatchError", "Accept-Ranges"
            ),
            206: _stream(_PART, "BatchError", "Content-Range"),
        },
        causes=(
            *_ONE,
            *_FILES,
            *_READING,
            errors.UnknownVersion,
            errors.StoreUnavailable,
            errors.ModelRefused,
        ),
        parameters=("Range",),
    ),
}

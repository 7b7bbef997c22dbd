"""What the OpenAPI document says of properties and their valuations."""

from typing import Any

from api import archive_problems, errors, property_problems
from api.openapi.described import BODY_CAUSES, empty, operation, success, unchanged

_ANY = (
    errors.MissingKey,
    errors.InvalidKey,
    errors.MissingScope,
    errors.NotAcceptable,
    errors.ServiceError,
    errors.RedisUnavailable,
    archive_problems.ArchiveAway,
    archive_problems.ArchiveSlow,
    archive_problems.NoArchive,
)
_ONE = (*_ANY, property_problems.UnknownProperty)
_MODEL = (errors.NoChampion, errors.StoreUnavailable, errors.ModelRefused)
#: Why a price is not made.
_REFUSED = (
    errors.InvalidSubmission,
    errors.Gone,
    errors.QuotaExceeded,
    errors.TooManyOpen,
    errors.QueueIsFull,
    errors.MemoryIsFull,
    errors.LineTooLong,
)
_STORED = ("ETag", "Age")

#: Operation id -> what the document says of it beside its path and summary.
OPERATIONS: dict[str, dict[str, Any]] = {
    "put_property": operation(
        scopes=("predict",),
        success={
            200: success("It was there, and is now as it was sent.", "Property"),
            201: success("It is new.", "Property", "Location"),
        },
        causes=(
            *_ANY,
            *BODY_CAUSES,
            *_MODEL,
            errors.MalformedParameter,
            errors.PreconditionFailed,
            errors.Unavailable,
        ),
        parameters=("If-Match", "If-None-Match"),
        body="PropertyRequest",
    ),
    "list_properties": operation(
        scopes=("read",),
        success={
            200: success("A page.", "PropertyList", "Link", "ETag"),
            304: unchanged("Link", "ETag"),
        },
        causes=(*_ANY, errors.MalformedParameter),
        parameters=("limit", "cursor", "If-None-Match"),
    ),
    "fetch_property": operation(
        scopes=("read",),
        success={
            200: success("The property.", "Property", "ETag"),
            304: unchanged("ETag"),
        },
        causes=_ONE,
        parameters=("If-None-Match",),
    ),
    "delete_property": operation(
        scopes=("predict",),
        success={204: empty("It is erased.")},
        causes=(*_ONE, errors.PreconditionFailed),
        parameters=("If-Match",),
    ),
    "fetch_valuation": operation(
        scopes=("read",),
        success={
            200: success("The stored price.", "Valuation", *_STORED, "Last-Modified"),
            202: success(
                "No price is stored yet, or a new one was asked for: the prediction "
                "that makes it.",
                "Prediction",
                *("Location", "Retry-After", "RateLimit", "RateLimit-Policy"),
            ),
            304: unchanged(*_STORED),
        },
        causes=(*_ONE, *_MODEL, *_REFUSED, errors.MalformedParameter),
        parameters=("refresh", "If-None-Match"),
    ),
    "list_valuations": operation(
        scopes=("read",),
        success={
            200: success("A page.", "ValuationList", "Link", "ETag"),
            304: unchanged("Link", "ETag"),
        },
        causes=(*_ONE, errors.MalformedParameter),
        parameters=("limit", "cursor", "If-None-Match"),
    ),
}

"""What the OpenAPI document says of realised sales and what they say of models."""

from typing import Any

from api import archive_problems, errors, outcome_problems
from api.headers import CSV
from api.openapi.described import BODY_CAUSES, empty, operation, success, unchanged
from api.outcome_body import MOST

_ANY = (
    errors.MissingKey,
    errors.InvalidKey,
    errors.MissingScope,
    errors.NotAcceptable,
    errors.ServiceError,
    archive_problems.ArchiveAway,
    archive_problems.ArchiveSlow,
    archive_problems.NoArchive,
)

_SALE = {
    "anyOf": [
        {"$ref": "#/components/schemas/PredictionSale"},
        {"$ref": "#/components/schemas/PropertySale"},
        {"$ref": "#/components/schemas/HouseSale"},
    ]
}
#: Bodies that take one of several forms.
SCHEMAS: dict[str, dict[str, Any]] = {
    "SaleList": {
        "description": "Several sales; all are written, or none.",
        "type": "object",
        "properties": {
            "outcomes": {
                "type": "array",
                "items": _SALE,
                "minItems": 1,
                "maxItems": MOST,
                "description": "The sales.",
            }
        },
        "required": ["outcomes"],
        "additionalProperties": False,
    },
    "OutcomeRequest": {
        "description": "One sale, or a list of them.",
        "anyOf": [*_SALE["anyOf"], {"$ref": "#/components/schemas/SaleList"}],
    },
}

#: Operation id -> what the document says of it beside its path and summary.
OPERATIONS: dict[str, dict[str, Any]] = {
    "record_outcomes": operation(
        scopes=("predict",),
        success={
            200: success("All were known as they are.", "RecordedOutcomes"),
            201: success("Some were new, or corrections.", "RecordedOutcomes"),
        },
        causes=(
            *_ANY,
            errors.RedisUnavailable,
            *BODY_CAUSES,
            errors.NoChampion,
            errors.StoreUnavailable,
            errors.ModelRefused,
        ),
        body="OutcomeRequest",
        further_bodies={CSV: {"type": "string"}},
    ),
    "list_outcomes": operation(
        scopes=("read",),
        success={
            200: success("A page.", "OutcomeList", "Link", "ETag"),
            304: unchanged("Link", "ETag"),
        },
        causes=(*_ANY, errors.MalformedParameter),
        parameters=("limit", "cursor", "If-None-Match"),
    ),
    "fetch_outcome": operation(
        scopes=("read",),
        success={
            200: success("What counts of the sale.", "Outcome", "ETag"),
            304: unchanged("ETag"),
        },
        causes=(
            *_ANY,
            outcome_problems.UnknownOutcome,
            outcome_problems.OutcomeWithdrawn,
        ),
        parameters=("If-None-Match",),
    ),
    "withdraw_outcome": operation(
        scopes=("predict",),
        success={204: empty("Withdrawn, now or by an earlier request.")},
        causes=(*_ANY, outcome_problems.UnknownOutcome),
    ),
    "read_accuracy": operation(
        scopes=("operate",),
        success={
            200: success("The last report.", "Accuracy", "ETag"),
            304: unchanged("ETag"),
        },
        causes=(
            *_ANY,
            errors.MalformedParameter,
            errors.UnknownVersion,
            errors.NoChampion,
            errors.StoreUnavailable,
        ),
        parameters=("by", "of_version", "segment", "If-None-Match"),
    ),
}

"""The events in the OpenAPI document: what subscribers are sent, and how signed."""

from typing import Any

from api.headers import JSON
from api.openapi import examples
from worker.webhooks import event_types

_HEADERS = {
    "webhook-id": (
        "Id of the event: the same at every attempt, so that it is acted on once.",
        "evt_1b9d6bcdbbfd4b2d9b5dab8dfbbd4bed",
    ),
    "webhook-timestamp": (
        (
            "When this attempt was made, in seconds since the epoch; refuse what is "
            "more than five minutes off."
        ),
        "1769860800",
    ),
    "webhook-signature": (
        (
            "One or more signatures, with spaces between: `v1,` and the base64 of the "
            "HMAC-SHA256 of `id.timestamp.body` under the secret's bytes. One that "
            "fits is enough."
        ),
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}
#: Type of event -> the schema of its body.
SCHEMAS = {
    **dict.fromkeys(event_types.TYPES, "PredictionEvent"),
    event_types.BATCH_PROGRESS: "BatchEvent",
    **dict.fromkeys(event_types.BATCH_ENDED, "BatchEvent"),
    event_types.REVALUED: "PortfolioEvent",
    event_types.DISABLED: "EndpointEvent",
    event_types.PROMOTED: "PromotionEvent",
    event_types.ROLLED_BACK: "PromotionEvent",
    event_types.DEGRADED: "DegradationEvent",
    event_types.DRIFT: "DriftEvent",
}
_ANSWERS = {
    "2XX": "Taken; nothing else is.",
    "410": "The endpoint is no more: it is disabled.",
    "429": "Too fast, as 502 and 504: the endpoint is left in peace, for as long as "
    "`Retry-After` says.",
}


def described() -> dict[str, Any]:
    """Return the `webhooks` of the document: each type of event and its request."""
    return {type_: {"post": _request(type_)} for type_ in event_types.TYPES}


def _request(type_: str) -> dict[str, Any]:
    schema = SCHEMAS[type_]
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    example = examples.BODIES[schema]
    if example["type"] == type_:
        content["example"] = example
    return {
        "operationId": type_.replace(".", "_"),
        "summary": event_types.TYPES[type_],
        "tags": ["webhooks"],
        "parameters": [
            {
                "in": "header",
                "name": name,
                "required": True,
                "description": description,
                "schema": {"type": "string"},
                "example": example,
            }
            for name, (description, example) in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {JSON: content}},
        "responses": {
            status: {"description": description}
            for status, description in _ANSWERS.items()
        },
        "security": [],
    }

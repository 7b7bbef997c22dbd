"""The reusable parts of the OpenAPI document: schemas, headers, parameters."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.predictions import DEFAULT_LIMIT, MAX_LIMIT
from api.schemas import (
    Health,
    Model,
    ModelList,
    Prediction,
    PredictionList,
    Problem,
    Ready,
    Scaler,
)
from api.settings import ApiSettings

_ANSWERS: tuple[type[BaseModel], ...] = (
    Health,
    Model,
    ModelList,
    Prediction,
    PredictionList,
    Problem,
    Ready,
    Scaler,
)

#: Header of an answer -> what it says.
_HEADERS = {
    "ETag": "Hash of this answer; send it back in If-None-Match.",
    "Idempotency-Replayed": "`true`: an earlier request with this key made it.",
    "Link": "The pages beside this one, relations `next` and `prev`.",
    "Location": "URL of the prediction.",
    "Preference-Applied": "`wait=n`: the request was held for its end, n s at most.",
    "Request-Id": "Yours if you sent one, else a new one; name it in a complaint.",
    "Retry-After": "Seconds after which it is worth asking again.",
    "WWW-Authenticate": "What is wrong with the key.",
}


def schemas(request_model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of every body, the request as one model version expects it."""
    _, answers = models_json_schema(
        [(model, "serialization") for model in _ANSWERS],
        ref_template="#/components/schemas/{model}",
    )
    request = request_model.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    return {**answers["$defs"], **request.pop("$defs"), request["title"]: request}


def headers() -> dict[str, Any]:
    """Return every header of an answer."""
    return {
        name: {"description": description, "schema": {"type": "string"}}
        for name, description in _HEADERS.items()
    }


def parameters(settings: ApiSettings) -> dict[str, Any]:
    """Return every header and query parameter of a request."""
    text = {"type": "string"}
    limit = {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_LIMIT,
        "default": DEFAULT_LIMIT,
    }
    return {
        "Idempotency-Key": _parameter(
            "header",
            "Idempotency-Key",
            "Your name for this submit, bare or quoted. A repeat with the same key "
            f"and request within {_told(settings.idempotency_ttl_s)} makes no second "
            "job; another request answers 422. Two requests are the same if they ask "
            "for the same, however written.",
            {**text, "maxLength": 257},
        ),
        "Prefer": _parameter(
            "header",
            "Prefer",
            f"`wait=n`: hold the request until the job has ended, n seconds at most "
            f"({settings.wait_cap_s} in all).",
            {**text, "examples": ["wait=10"]},
        ),
        "Cancel-After": _parameter(
            "header",
            "Cancel-After",
            "What `deadline` says, as a duration: a job that has not finished by then "
            "is canceled. Send one of the two.",
            {**text, "examples": ["90s", "1m", "1h30m", "30"]},
        ),
        "If-None-Match": _parameter(
            "header", "If-None-Match", "ETag of the answer that you have.", text
        ),
        "Request-Id": _parameter(
            "header", "Request-Id", "Your own id of this request.", text
        ),
        "limit": _parameter("query", "limit", "Predictions a page.", limit),
        "cursor": _parameter(
            "query", "cursor", "Taken from `next` or `previous` as it is.", text
        ),
    }


def _told(seconds: int) -> str:
    for name, length in (("hours", 3600), ("minutes", 60)):
        if seconds % length == 0:
            return f"{seconds // length} {name}"
    return f"{seconds} seconds"


def _parameter(
    place: str, name: str, description: str, schema: dict[str, Any]
) -> dict[str, Any]:
    return {"in": place, "name": name, "description": description, "schema": schema}

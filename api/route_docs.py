"""What the OpenAPI document says of each route: codes, headers, parameters."""

from collections.abc import Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any

from api import errors
from api.answers import JSON
from api.errors import PROBLEM_TYPE, ServiceError
from api.schemas import Problem

_CALLER = (errors.MissingKey, errors.InvalidKey, errors.MissingScope)
_ANY = (errors.NotAcceptable, errors.RedisUnavailable, ServiceError)
_ONE = (*_CALLER, *_ANY, errors.UnknownPrediction, errors.Gone)
_STORE = (*_CALLER, *_ANY, errors.StoreUnavailable)
_VERSION = (*_STORE, errors.UnknownVersion, errors.NoChampion)


def _schema(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _headers(names: Sequence[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _success(description: str, schema: str, *names: str) -> dict[str, Any]:
    return {
        "description": description,
        "headers": _headers((*names, "Request-Id")),
        "content": {JSON: {"schema": _schema(schema)}},
    }


def _plain(description: str, media_type: str, *names: str) -> dict[str, Any]:
    """Return the answer of a body whose schema is not this document's to give."""
    kind = "object" if media_type == JSON else "string"
    return {
        "description": description,
        "headers": _headers((*names, "Request-Id")),
        "content": {media_type: {"schema": {"type": kind}}},
    }


def _unchanged(*names: str) -> dict[str, Any]:
    return {
        "description": "Still what the ETag in If-None-Match says.",
        "headers": _headers((*names, "Request-Id")),
    }


def _failures(causes: Sequence[type[ServiceError]]) -> dict[int, dict[str, Any]]:
    """Return one response a status, with an example of each cause."""
    ordered = sorted(causes, key=lambda cause: cause.status)
    found = {}
    for status, group in groupby(ordered, key=lambda cause: cause.status):
        members = list(group)
        found[status] = {
            "description": HTTPStatus(status).phrase,
            "headers": _headers(_error_headers(status)),
            "content": {
                PROBLEM_TYPE: {
                    "schema": _schema(Problem.__name__),
                    "examples": {cause.slug: _example(cause) for cause in members},
                }
            },
        }
    return found


def _error_headers(status: int) -> list[str]:
    extra = {401: ["WWW-Authenticate"], 403: ["WWW-Authenticate"], 503: ["Retry-After"]}
    return [*extra.get(status, []), "Request-Id"]


def _example(cause: type[ServiceError]) -> dict[str, Any]:
    return {
        "summary": cause.title,
        "value": {
            "type": cause.type_uri(),
            "title": cause.title,
            "status": cause.status,
            "detail": cause.__doc__,
            "request_id": "3f1c9a0be27d4458",
        },
    }


def _operation(
    *,
    success: dict[int, dict[str, Any]],
    causes: Sequence[type[ServiceError]],
    parameters: Sequence[str] = (),
    body: str | None = None,
    scopes: Sequence[str] = (),
) -> dict[str, Any]:
    responses = {**success, **_failures(causes)}
    described: dict[str, Any] = {
        "parameters": [
            {"$ref": f"#/components/parameters/{name}"}
            for name in (*parameters, "Request-Id")
        ],
        "responses": {str(code): responses[code] for code in sorted(responses)},
        # OpenAPI 3.1 lets a requirement name what the key must be allowed to do; an
        # empty list says that none is needed.
        "security": [{"key": list(scopes)}] if scopes else [],
    }
    if body is not None:
        content = {JSON: {"schema": _schema(body)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


#: Operation id -> what the document says of it beside its path and summary.
OPERATIONS: dict[str, dict[str, Any]] = {
    "create_prediction": _operation(
        scopes=("predict",),
        success={
            201: _success(
                "Finished within `Prefer: wait`, or a repeat of a finished one.",
                "Prediction",
                "Location",
                "ETag",
                "Preference-Applied",
                "Idempotency-Replayed",
            ),
            202: _success(
                "Accepted.",
                "Prediction",
                "Location",
                "ETag",
                "Retry-After",
                "Preference-Applied",
                "Idempotency-Replayed",
            ),
        },
        causes=(
            *_CALLER,
            *_ANY,
            errors.MalformedBody,
            errors.CutBody,
            errors.SlowBody,
            errors.MalformedHeader,
            errors.BadRequest,
            errors.BodyTooLarge,
            errors.UnsupportedMedia,
            errors.InvalidSubmission,
            errors.KeyReused,
            errors.Gone,
            errors.QueueIsFull,
            errors.MemoryIsFull,
            errors.NoChampion,
            errors.StoreUnavailable,
            errors.ModelRefused,
        ),
        parameters=("Idempotency-Key", "Prefer", "Cancel-After"),
        body="PredictionRequest",
    ),
    "fetch_prediction": _operation(
        scopes=("read",),
        success={
            200: _success(
                "The prediction as it is now.",
                "Prediction",
                "ETag",
                "Retry-After",
                "Preference-Applied",
            ),
            304: _unchanged("ETag", "Retry-After"),
        },
        causes=_ONE,
        parameters=("Prefer", "If-None-Match"),
    ),
    "cancel_prediction": _operation(
        scopes=("predict", "read"),
        success={200: _success("As it is now.", "Prediction", "ETag")},
        causes=_ONE,
    ),
    "list_predictions": _operation(
        scopes=("read",),
        success={200: _success("A page.", "PredictionList", "Link")},
        causes=(*_CALLER, *_ANY, errors.MalformedParameter),
        parameters=("limit", "cursor"),
    ),
    "list_models": _operation(
        scopes=("read",),
        success={
            200: _success("All versions.", "ModelList", "ETag"),
            304: _unchanged("ETag"),
        },
        causes=_STORE,
        parameters=("If-None-Match",),
    ),
    "fetch_model": _operation(
        scopes=("read",),
        success={
            200: _success("The version.", "Model", "ETag"),
            304: _unchanged("ETag"),
        },
        causes=(*_VERSION, errors.ModelRefused),
        parameters=("If-None-Match",),
    ),
    "fetch_model_card": _operation(
        scopes=("read",),
        success={
            200: _plain("The card; never another for the same id.", JSON, "ETag"),
            304: _unchanged("ETag"),
        },
        causes=(*_VERSION, errors.ModelRefused),
        parameters=("If-None-Match",),
    ),
    "fetch_model_schema": _operation(
        scopes=("read",),
        success={
            200: _plain("The schema; never another for the same id.", JSON, "ETag"),
            304: _unchanged("ETag"),
        },
        causes=(*_VERSION, errors.ModelRefused),
        parameters=("If-None-Match",),
    ),
    "read_scaler": _operation(
        scopes=("operate",),
        success={200: _success("Each lane.", "Scaler")},
        causes=(*_CALLER, *_ANY),
    ),
    "metrics": _operation(
        scopes=("operate",),
        success={200: _plain("The figures.", "text/plain")},
        causes=(*_CALLER, *_ANY),
    ),
    "healthz": _operation(success={200: _success("It answers.", "Health")}, causes=()),
    "readyz": _operation(
        success={200: _success("It can take submits.", "Ready")},
        causes=(errors.NotReady,),
    ),
    "openapi": _operation(
        success={
            200: _plain("This document.", JSON, "ETag"),
            304: _unchanged("ETag"),
        },
        causes=(ServiceError, errors.StoreUnavailable, errors.ModelRefused),
        parameters=("If-None-Match",),
    ),
    "docs": _operation(
        success={
            200: _plain("A page to read and try this document.", "text/html"),
        },
        causes=(),
    ),
}

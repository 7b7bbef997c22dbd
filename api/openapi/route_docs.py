"""What the OpenAPI document says of each route: codes, headers, parameters."""

from typing import Any

from api import archive_problems, errors, key_problems, webhook_problems
from api.assets import MEDIA_TYPES
from api.errors import ServiceError
from api.headers import JSON
from api.openapi import (
    alias_docs,
    batch_docs,
    drift_docs,
    ops_docs,
    outcome_docs,
    property_docs,
    webhook_docs,
)
from api.openapi.described import (
    BODY_CAUSES,
    empty,
    operation,
    plain,
    success,
    unchanged,
)

_CALLER = (errors.MissingKey, errors.InvalidKey, errors.MissingScope)
_ANY = (errors.NotAcceptable, errors.RedisUnavailable, ServiceError)
_ARCHIVE = (archive_problems.ArchiveAway, archive_problems.ArchiveSlow)
_ONE = (*_CALLER, *_ANY, *_ARCHIVE, errors.UnknownPrediction, errors.Gone)
_STORE = (*_CALLER, *_ANY, errors.StoreUnavailable)
_VERSION = (*_STORE, errors.UnknownVersion, errors.NoChampion)
#: Why no job is opened.
_LIMITS = (
    errors.QuotaExceeded,
    errors.TooManyOpen,
    errors.QueueIsFull,
    errors.MemoryIsFull,
    errors.LineTooLong,
)
#: What can go wrong with a submit, whichever method it comes by.
_SUBMIT = (
    *_CALLER,
    *_ANY,
    *_ARCHIVE,
    errors.MalformedBody,
    errors.CutBody,
    errors.SlowBody,
    errors.MalformedHeader,
    errors.BadRequest,
    errors.BodyTooLarge,
    errors.UnsupportedMedia,
    errors.InvalidSubmission,
    errors.Gone,
    *_LIMITS,
    errors.NoChampion,
    errors.StoreUnavailable,
    errors.ModelRefused,
    webhook_problems.SecretKeysMissing,
)
_KEYS = (*_CALLER, *_ANY, errors.MalformedParameter)
#: Headers of the answer to a submit, and what can be done with what it made.
_PUT = (
    "Location",
    "Preference-Applied",
    "Idempotency-Replayed",
    "RateLimit",
    "RateLimit-Policy",
)
_MADE = (*_PUT, "ETag")
_NEXT = ("fetch", "cancel", "retry", "delete")

#: Operation id -> what the document says of it beside its path and summary.
OPERATIONS: dict[str, dict[str, Any]] = {
    "create_prediction": operation(
        scopes=("predict",),
        success={
            201: success(
                "Finished within `Prefer: wait`, or a repeat of a finished one.",
                "Prediction",
                *_MADE,
                links=_NEXT,
            ),
            202: success("Accepted.", "Prediction", *_MADE, "Retry-After", links=_NEXT),
        },
        causes=(*_SUBMIT, errors.KeyReused),
        parameters=("Idempotency-Key", "Prefer", "Cancel-After"),
        body="PredictionRequest",
    ),
    "put_prediction": operation(
        scopes=("predict",),
        success={
            200: success(
                "A repeat: the prediction as it is now.",
                "Prediction",
                *_PUT,
                "Retry-After",
                links=_NEXT,
            ),
            201: success(
                "Finished within `Prefer: wait`.", "Prediction", *_PUT, links=_NEXT
            ),
            202: success("Accepted.", "Prediction", *_PUT, "Retry-After", links=_NEXT),
        },
        causes=(
            *_SUBMIT,
            errors.MalformedParameter,
            errors.IdTaken,
            errors.PreconditionFailed,
        ),
        parameters=("Prefer", "Cancel-After", "If-Match", "If-None-Match"),
        body="PredictionRequest",
    ),
    "fetch_prediction": operation(
        scopes=("read",),
        success={
            200: success(
                "The prediction as it is now.",
                "Prediction",
                "ETag",
                "Retry-After",
                "Preference-Applied",
            ),
            304: unchanged("ETag", "Retry-After", "Preference-Applied"),
        },
        causes=_ONE,
        parameters=("Prefer", "If-None-Match"),
    ),
    "cancel_prediction": operation(
        scopes=("predict", "read"),
        success={200: success("As it is now.", "Prediction", "ETag")},
        causes=(*_ONE, errors.PreconditionFailed),
        parameters=("If-Match",),
    ),
    "retry_prediction": operation(
        scopes=("predict", "read"),
        success={
            200: success(
                "Ended again within `Prefer: wait`.",
                "Prediction",
                "ETag",
                "Preference-Applied",
                "RateLimit",
                "RateLimit-Policy",
            ),
            202: success(
                "It waits anew.",
                "Prediction",
                "ETag",
                "Retry-After",
                "Preference-Applied",
                "RateLimit",
                "RateLimit-Policy",
            ),
        },
        causes=(
            *_ONE,
            errors.MalformedHeader,
            errors.NotRetryable,
            errors.PreconditionFailed,
            *_LIMITS,
        ),
        parameters=("Prefer", "Cancel-After", "If-Match"),
    ),
    "delete_prediction": operation(
        scopes=("predict",),
        success={204: empty("Erased, now or by an earlier request.")},
        causes=(
            *_CALLER,
            *_ANY,
            *_ARCHIVE,
            errors.UnknownPrediction,
            errors.PreconditionFailed,
        ),
        parameters=("If-Match",),
    ),
    "list_predictions": operation(
        scopes=("read",),
        success={
            200: success("A page.", "PredictionList", "Link", "ETag"),
            304: unchanged("Link", "ETag"),
        },
        causes=(*_CALLER, *_ANY, *_ARCHIVE, errors.MalformedParameter),
        parameters=(
            "limit",
            "cursor",
            "status",
            "created_after",
            "created_before",
            "If-None-Match",
        ),
    ),
    **batch_docs.OPERATIONS,
    **property_docs.OPERATIONS,
    **webhook_docs.OPERATIONS,
    **outcome_docs.OPERATIONS,
    "list_models": operation(
        scopes=("read",),
        success={
            200: success("All versions.", "ModelList", "ETag"),
            304: unchanged("ETag"),
        },
        causes=_STORE,
        parameters=("If-None-Match",),
    ),
    "fetch_model": operation(
        scopes=("read",),
        success={
            200: success("The version.", "Model", "ETag"),
            304: unchanged("ETag"),
        },
        causes=(*_VERSION, errors.ModelRefused),
        parameters=("If-None-Match",),
    ),
    "fetch_model_card": operation(
        scopes=("read",),
        success={
            200: plain("The card; never another for the same id.", JSON, "ETag"),
            304: unchanged("ETag"),
        },
        causes=(*_VERSION, errors.ModelRefused),
        parameters=("If-None-Match",),
    ),
    "fetch_model_report": operation(
        scopes=("read",),
        success={
            200: success("The report.", "ModelReport", "ETag"),
            304: unchanged("ETag"),
        },
        causes=(*_VERSION, errors.ModelRefused),
        parameters=("If-None-Match",),
    ),
    "fetch_model_schema": operation(
        scopes=("read",),
        success={
            200: plain("The schema; never another for the same id.", JSON, "ETag"),
            304: unchanged("ETag"),
        },
        causes=(*_VERSION, errors.ModelRefused),
        parameters=("If-None-Match",),
    ),
    **alias_docs.OPERATIONS,
    "create_key": operation(
        scopes=("operate",),
        success={201: success("The key and its token.", "NewApiKey", "Location")},
        causes=(
            *_CALLER,
            *_ANY,
            *BODY_CAUSES,
        ),
        body="KeyRequest",
    ),
    "list_keys": operation(
        scopes=("operate",),
        success={200: success("All keys.", "ApiKeyList")},
        causes=_KEYS,
        parameters=("tenant",),
    ),
    "fetch_key": operation(
        scopes=("operate",),
        success={200: success("What is kept of the key.", "ApiKey")},
        causes=(*_CALLER, *_ANY, key_problems.UnknownKey),
    ),
    "revoke_key": operation(
        scopes=("operate",),
        success={200: success("It is revoked.", "ApiKey")},
        causes=(*_KEYS, key_problems.UnknownKey, key_problems.LastOperateKey),
        parameters=("force",),
    ),
    **ops_docs.OPERATIONS,
    **drift_docs.OPERATIONS,
    "metrics": operation(
        scopes=("figures",),
        success={200: plain("The figures.", "text/plain")},
        causes=(*_CALLER, *_ANY),
    ),
    "healthz": operation(success={200: success("It answers.", "Health")}, causes=()),
    "readyz": operation(
        success={200: success("It can take submits.", "Ready")},
        causes=(errors.NotReady,),
    ),
    "openapi": operation(
        success={
            200: plain("This document.", JSON, "ETag"),
            304: unchanged("ETag"),
        },
        causes=(ServiceError, errors.StoreUnavailable, errors.ModelRefused),
        parameters=("If-None-Match",),
    ),
    "try_it": operation(success={200: plain("The page.", "text/html")}, causes=()),
    "operate": operation(success={200: plain("The page.", "text/html")}, causes=()),
    "docs": operation(success={200: plain("The page.", "text/html")}, causes=()),
    "read_model_card": operation(
        success={200: plain("The page.", "text/html")}, causes=()
    ),
    "asset": operation(
        success={
            200: plain("The file.", MEDIA_TYPES, "ETag"),
            304: unchanged("ETag"),
        },
        causes=(errors.NoSuchRoute,),
        parameters=("If-None-Match",),
    ),
}

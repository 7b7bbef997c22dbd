"""The reusable parts of the OpenAPI document: schemas, headers, links."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api import (
    alias_body,
    ops_body,
    outcome_body,
    property_body,
    schemas,
    webhook_body,
)
from api.key_request import KeyRequest
from api.openapi import batch_docs, examples, outcome_docs
from worker.batch_rows import row_model

_ANSWERS: tuple[type[BaseModel], ...] = (
    schemas.Accuracy,
    schemas.ApiKey,
    schemas.ApiKeyList,
    schemas.AuditLog,
    schemas.Batch,
    schemas.BatchError,
    schemas.BatchEvent,
    schemas.BatchList,
    schemas.BatchPrice,
    schemas.ChallengerComparison,
    schemas.DeadLetters,
    schemas.DefaultSecret,
    schemas.DegradationEvent,
    schemas.Delivery,
    schemas.DeliveryList,
    schemas.DriftEvent,
    schemas.DriftReport,
    schemas.EndpointEvent,
    schemas.Health,
    schemas.LaneHistory,
    schemas.LanePurged,
    schemas.LetterActionResult,
    schemas.Model,
    schemas.ModelAliases,
    schemas.ModelReport,
    schemas.ModelList,
    schemas.NewApiKey,
    schemas.NewWebhook,
    schemas.OutcomeList,
    schemas.PortfolioEvent,
    schemas.Prediction,
    schemas.PredictionEvent,
    schemas.PredictionList,
    schemas.Problem,
    schemas.Property,
    schemas.PropertyList,
    schemas.PromotionEvent,
    schemas.Queue,
    schemas.Queues,
    schemas.Ready,
    schemas.RecordedOutcomes,
    schemas.Recovered,
    schemas.RotatedSecret,
    schemas.Scaler,
    schemas.Valuation,
    schemas.ValuationList,
    schemas.Webhook,
    schemas.WebhookHealth,
    schemas.WebhookList,
    schemas.WorkerList,
)
#: What requests say beside submits.
_REQUESTS: tuple[type[BaseModel], ...] = (
    KeyRequest,
    alias_body.ChallengerRequest,
    alias_body.ChampionRequest,
    ops_body.LanePause,
    ops_body.LanePurge,
    ops_body.LetterAction,
    webhook_body.SecretRotation,
    webhook_body.WebhookChange,
    webhook_body.WebhookRequest,
    webhook_body.WebhookTest,
)

#: Header of an answer -> what it says, and what that may look like.
_HEADERS = {
    "Age": ("Seconds since the price was made.", "3600"),
    "Allow": ("The methods that this address takes.", "GET, HEAD, OPTIONS"),
    "Deprecation": ("Since when this route is to end, RFC 9745.", "@1798761600"),
    "Cache-Control": ("Whether and for how long the answer may be kept.", "no-store"),
    "Connection": ("`close`: this connection has ended.", "close"),
    "Content-Security-Policy": (
        "What a browser may load for the answer.",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    "Cross-Origin-Resource-Policy": (
        "Pages of other sites may not embed the answer.",
        "same-origin",
    ),
    "ETag": (
        "Hash of this answer; send it back in If-None-Match.",
        '"8d1f0a0f4c3be8a2f5a0a1e1b7c55d0e"',
    ),
    "Idempotency-Replayed": ("`true`: an earlier request made it.", "true"),
    "Last-Modified": (
        "When the price was made.",
        "Mon, 02 Feb 2026 09:30:00 GMT",
    ),
    "Link": (
        "The pages beside this one, relations `next` and `prev`.",
        '<https://api.example.org/v1/predictions?cursor=o...>; rel="next"',
    ),
    "Location": (
        "URL of what was made.",
        f"https://api.example.org/v1/predictions/{examples.ID}",
    ),
    "Preference-Applied": (
        "`wait=n`: the request was held for its end, n s at most.",
        "wait=10",
    ),
    "RateLimit": (
        "Your key has `r` requests left; all again, or if `r=0` one, after `t` s.",
        '"default";r=50;t=30',
    ),
    "RateLimit-Policy": (
        "The limit of your key: `q` requests in `w` s.",
        '"default";q=100;w=60',
    ),
    "Request-Id": (
        "Yours if you sent one, else a new one; name it in a complaint.",
        "3f1c9a0be27d4458",
    ),
    "Referrer-Policy": ("Links tell nobody where they were.", "no-referrer"),
    "Accept-Ranges": ("What `Range` may ask for; of a table, `none`.", "bytes"),
    "Content-Range": (
        "Which bytes these are, and of how many; `*` while more are to come.",
        "bytes 0-9/10",
    ),
    "Retry-After": ("Seconds after which it is worth asking again.", "2"),
    "Strict-Transport-Security": (
        "Come by https only; where `KERBSIDE_PUBLIC_URL` is https.",
        "max-age=31536000",
    ),
    "Sunset": (
        "When this route stops answering, RFC 8594.",
        "Fri, 01 Jan 2027 00:00:00 GMT",
    ),
    "traceresponse": (
        "Which step of which trace it was, where the service traces.",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01",
    ),
    "X-Content-Type-Options": ("The type is what it says.", "nosniff"),
    "X-Frame-Options": ("No page may show the answer in a frame.", "DENY"),
    "WWW-Authenticate": ("What is wrong with the key.", 'Bearer realm="kerbside"'),
}

#: What can be done with a prediction -> the operation that does it.
_LINKS = {
    "fetch": "fetch_prediction",
    "cancel": "cancel_prediction",
    "retry": "retry_prediction",
    "delete": "delete_prediction",
}


def bodies(request_model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of every body, the request as one model version expects it."""
    _, answers = models_json_schema(
        [(model, "serialization") for model in _ANSWERS],
        ref_template="#/components/schemas/{model}",
    )
    request = request_model.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    house: Any = request_model.model_fields["input"].annotation
    sales: tuple[type[BaseModel], ...] = (
        outcome_body.PredictionSale,
        outcome_body.PropertySale,
        outcome_body.house_sale(house),
    )
    rows = (
        row_model(house),
        row_model(house, "properties"),
        property_body.property_model(house),
    )
    _, requests = models_json_schema(
        [(model, "validation") for model in (*_REQUESTS, *sales, *rows)],
        ref_template="#/components/schemas/{model}",
    )
    found = {
        **answers["$defs"],
        **requests["$defs"],
        **request.pop("$defs"),
        request["title"]: request,
        **outcome_docs.SCHEMAS,
        **batch_docs.SCHEMAS,
    }
    for name, example in examples.BODIES.items():
        found[name]["examples"] = [example]
    return found


def headers() -> dict[str, Any]:
    """Return every header of an answer."""
    return {
        name: {
            "description": description,
            "schema": {"type": "string"},
            "example": example,
        }
        for name, (description, example) in _HEADERS.items()
    }


def links() -> dict[str, Any]:
    """Return how an answer that shows a prediction leads on."""
    return {
        name: {
            "operationId": operation,
            "parameters": {"prediction_id": "$response.body#/id"},
        }
        for name, operation in _LINKS.items()
    }

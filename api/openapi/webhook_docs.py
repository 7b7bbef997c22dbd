"""What the OpenAPI document says of the routes around webhooks."""

from typing import Any

from api import errors
from api import webhook_problems as problems
from api.errors import ServiceError
from api.openapi.described import BODY_CAUSES, empty, operation, success, unchanged

_ANY = (
    errors.MissingKey,
    errors.InvalidKey,
    errors.MissingScope,
    errors.NotAcceptable,
    errors.RedisUnavailable,
    ServiceError,
)
_ONE = (*_ANY, problems.UnknownWebhook)
_DELIVERY = (*_ANY, problems.UnknownDelivery)
#: What can go wrong with a secret that is kept, and before one is.
_KEYS = (problems.SecretKeysMissing, problems.SecretKeysWrong)


def _webhook(summary: str) -> dict[int, dict[str, Any]]:
    return {200: success(summary, "Webhook", "ETag")}


def _known(description: str, schema: str, *names: str) -> dict[int, dict[str, Any]]:
    """Return the answers of a read: the thing, or that the client has it already."""
    return {
        200: success(description, schema, *names, "ETag"),
        304: unchanged(*names, "ETag"),
    }


def _operation(**described: Any) -> dict[str, Any]:
    return operation(scopes=("webhooks",), **described)


#: Operation id -> what the document says of it beside its path and summary.
OPERATIONS: dict[str, dict[str, Any]] = {
    "create_webhook": _operation(
        success={
            201: success(
                "Registered; the secret is shown once.", "NewWebhook", "Location"
            )
        },
        causes=(
            *_ANY,
            *BODY_CAUSES,
            problems.TooManyWebhooks,
            problems.SecretKeysMissing,
        ),
        body="WebhookRequest",
    ),
    "list_webhooks": _operation(
        success=_known("All of them.", "WebhookList"),
        causes=_ANY,
        parameters=("If-None-Match",),
    ),
    "fetch_webhook": _operation(
        success=_known(
            "The endpoint as it is now; `default`: what stands for one.", "Webhook"
        ),
        causes=_ONE,
        parameters=("If-None-Match",),
    ),
    "update_webhook": _operation(
        success=_webhook("As it is now."),
        causes=(*_ONE, *BODY_CAUSES, errors.PreconditionFailed),
        parameters=("If-Match",),
        body="WebhookChange",
    ),
    "delete_webhook": _operation(
        success={204: empty("Deleted.")},
        causes=(*_ONE, errors.PreconditionFailed),
        parameters=("If-Match",),
    ),
    "enable_webhook": _operation(
        success=_webhook("As it is now."),
        causes=(*_ONE, errors.PreconditionFailed),
        parameters=("If-Match",),
    ),
    "disable_webhook": _operation(
        success=_webhook("As it is now."),
        causes=(*_ONE, errors.PreconditionFailed),
        parameters=("If-Match",),
    ),
    "rotate_webhook_secret": _operation(
        success={200: success("The new secret, shown once.", "RotatedSecret")},
        causes=(
            *_ONE,
            *BODY_CAUSES,
            *_KEYS,
            problems.TooManySecrets,
            errors.PreconditionFailed,
        ),
        parameters=("If-Match",),
        body="SecretRotation",
        is_body_required=False,
    ),
    "test_webhook": _operation(
        success={202: success("On its way.", "Delivery")},
        causes=(
            *_ONE,
            *BODY_CAUSES,
            problems.WebhookDisabled,
            errors.PreconditionFailed,
        ),
        parameters=("If-Match",),
        body="WebhookTest",
        is_body_required=False,
    ),
    "fetch_default_secret": _operation(
        success={200: success("The secret, made on first use.", "DefaultSecret")},
        causes=(*_ANY, *_KEYS),
    ),
    "rotate_default_secret": _operation(
        success={200: success("The new secret.", "RotatedSecret")},
        causes=(*_ANY, *BODY_CAUSES, *_KEYS, problems.TooManySecrets),
        body="SecretRotation",
        is_body_required=False,
    ),
    "list_deliveries": _operation(
        success=_known("A page.", "DeliveryList", "Link"),
        causes=(*_ONE, errors.MalformedParameter),
        parameters=("limit", "cursor", "delivery_status", "If-None-Match"),
    ),
    "recover_deliveries": _operation(
        success={202: success("They are sent again.", "Recovered")},
        causes=(
            *_ONE,
            errors.MalformedParameter,
            problems.WebhookDisabled,
            problems.TooManyWaiting,
        ),
        parameters=("since",),
    ),
    "fetch_delivery": _operation(
        success=_known("The delivery as it is now.", "Delivery"),
        causes=_DELIVERY,
        parameters=("If-None-Match",),
    ),
    "redeliver": _operation(
        success={202: success("It is sent again.", "Delivery")},
        causes=(
            *_DELIVERY,
            problems.WebhookDisabled,
            problems.DeliveryUnderWay,
            problems.TooManyWaiting,
            problems.DeliveryRemoved,
        ),
    ),
}

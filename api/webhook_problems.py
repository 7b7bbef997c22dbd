"""What can go wrong around webhooks, as a client is told; part of the tree of `errors`.

ServiceError
 +-- UnknownWebhook, UnknownDelivery                                        404
 +-- TooManyWebhooks, TooManySecrets, WebhookDisabled, DeliveryUnderWay,
 |   TooManyWaiting                                                         409
 +-- DeliveryRemoved                                                        410
 +-- SecretKeysMissing, SecretKeysWrong                                     503
"""

from api.errors import ServiceError, Unavailable


class UnknownWebhook(ServiceError):
    """No webhook endpoint of yours has this id."""

    status = 404
    slug = "unknown-webhook"
    title = "No such webhook"


class UnknownDelivery(ServiceError):
    """No delivery of yours has this id, or it has left the log."""

    status = 404
    slug = "unknown-delivery"
    title = "No such delivery"


class TooManyWebhooks(ServiceError):
    """You have as many webhook endpoints as one tenant may; delete one first."""

    status = 409
    slug = "too-many-webhooks"
    title = "Too many webhooks"


class TooManySecrets(ServiceError):
    """Ten secrets sign already: each that was replaced does for a day, as promised."""

    status = 409
    slug = "too-many-secrets"
    title = "Too many secrets"


class WebhookDisabled(ServiceError):
    """This webhook endpoint is disabled and is sent nothing; enable it first."""

    status = 409
    slug = "webhook-disabled"
    title = "Webhook disabled"


class DeliveryUnderWay(ServiceError):
    """This delivery has not ended yet: it is still tried by itself."""

    status = 409
    slug = "delivery-under-way"
    title = "Delivery under way"


class TooManyWaiting(ServiceError):
    """As many deliveries wait for this receiver as may; repeat later."""

    status = 409
    slug = "too-many-deliveries-waiting"
    title = "Too many deliveries waiting"


class DeliveryRemoved(ServiceError):
    """What this delivery carried was erased with its prediction."""

    status = 410
    slug = "delivery-removed"
    title = "Delivery removed"


class SecretKeysMissing(Unavailable):
    """This installation cannot keep webhook secrets: nobody can have webhooks.

    Nothing was queued. Its operator must set `KERBSIDE_SECRET_KEYS` for the API and the
    workers.
    """

    slug = "secret-keys-missing"
    title = "Webhooks not set up"


class SecretKeysWrong(Unavailable):
    """None of this installation's keys opens the webhook secret that it keeps.

    Its operator must put the key that sealed it back into `KERBSIDE_SECRET_KEYS`.
    """

    slug = "secret-keys-wrong"
    title = "Webhook secret cannot be read"

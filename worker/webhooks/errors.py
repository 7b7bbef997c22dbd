"""What can go wrong around webhooks, in domain words.

WebhookError
├── UnknownEndpoint
├── UnknownDelivery
├── TooManyEndpoints
├── TooManySecrets
├── EndpointDisabled
├── DeliveryPending
├── DeliveryErased
└── TooManyPending
"""


class WebhookError(Exception):
    """The webhooks could not do what was asked."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class UnknownEndpoint(WebhookError):
    """There is no such endpoint."""


class UnknownDelivery(WebhookError):
    """There is no such delivery, or it has left the log."""


class TooManyEndpoints(WebhookError):
    """A tenant has as many endpoints as it may; delete one first."""


class TooManySecrets(WebhookError):
    """Ten secrets sign already; each that was replaced does for a day, as promised."""


class EndpointDisabled(WebhookError):
    """The endpoint is disabled; enable it first."""


class DeliveryPending(WebhookError):
    """The delivery is still under way."""


class DeliveryErased(WebhookError):
    """What the delivery carried has been erased with its prediction."""


class TooManyPending(WebhookError):
    """As many deliveries wait for the endpoint as may; try again later."""

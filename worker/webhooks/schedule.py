"""When a delivery is tried again, and what a failure says of its receiver."""

import random
from http import HTTPStatus

from worker.webhook_settings import WebhookSettings
from worker.webhooks.deliveries import Verdict
from worker.webhooks.sender import Attempt

#: Share by which a pause is shorter or longer: receivers that were down together are
#: not met by all deliveries at once.
JITTER = 0.2
#: What a failure counts for: nothing where the receiver was never asked; and all at
#: once where it held a thread for the whole time limit, or says itself that it is asked
#: too much.
_NONE, _ONE, _ALL = 0, 1, 5
#: Begins the error of an attempt for which there was no secret.
NOT_SIGNED = "not_signed"
#: Errors of attempts that never came as far as the receiver.
_NOT_ITS_FAULT = (NOT_SIGNED, "dns: too many")
#: Seconds until such an attempt is made again.
_LATER_S = 60.0
_OVERLOADED = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT,
}


def verdict(attempt: Attempt, number: int, settings: WebhookSettings) -> Verdict:
    """Return what follows from the attempt `number`, counted from one.

    Source of the rules: Standard Webhooks, "Deliverability and reliability".
    """
    if attempt.succeeded:
        return Verdict("delivered")
    if attempt.status == HTTPStatus.GONE:
        return Verdict("failed", weight=_ONE, disable="gone")
    weight, asked_s = _weight(attempt), attempt.retry_after_s or 0.0
    if weight == _NONE:
        return Verdict("again", round(_LATER_S * 1000))
    if number > len(settings.webhook_schedule_s):
        return Verdict("failed", weight=weight, asked_ms=round(asked_s * 1000))
    pause_s = settings.webhook_schedule_s[number - 1]
    pause_s *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
    pause_ms = round(max(pause_s, asked_s) * 1000)
    return Verdict("again", pause_ms, weight, asked_ms=round(asked_s * 1000))


def _weight(attempt: Attempt) -> int:
    error = attempt.error or ""
    if error.startswith(_NOT_ITS_FAULT):
        return _NONE
    asks = attempt.status in _OVERLOADED or attempt.retry_after_s
    slow = error.startswith("timeout") or asks
    return _ALL if slow else _ONE

"""From any exception to what a client is told: the one place where it gets a status."""

from functools import singledispatch

import redis
from werkzeug import exceptions as http

from api import headers
from api.archive_problems import ArchiveAway, ArchiveSlow
from api.errors import (
    BadRequest,
    BodyTooLarge,
    Gone,
    IdTaken,
    KeyReused,
    LineTooLong,
    MemoryIsFull,
    MethodNotAllowed,
    ModelRefused,
    NoSuchRoute,
    NotAcceptable,
    NotRetryable,
    PreconditionFailed,
    QueueIsFull,
    QuotaExceeded,
    RedisUnavailable,
    ServiceError,
    StoreUnavailable,
    TooManyOpen,
    UnknownPrediction,
    UnknownVersion,
    UnsupportedMedia,
)
from api.webhook_problems import (
    DeliveryRemoved,
    DeliveryUnderWay,
    SecretKeysMissing,
    SecretKeysWrong,
    TooManySecrets,
    TooManyWaiting,
    TooManyWebhooks,
    UnknownDelivery,
    UnknownWebhook,
    WebhookDisabled,
)
from model_store.errors import (
    AliasesChanged,
    ArchiveError,
    ArchiveTooSlow,
    ArtifactError,
    ModelStoreError,
    UnknownModel,
)
from worker import errors as queue
from worker.jobs import State, rfc3339
from worker.webhooks import errors as webhooks
from worker.webhooks.sealing import NoSecretKeys, SealingError


@singledispatch
def as_service_error(error: Exception) -> ServiceError:
    """Return what a client is told about any exception; an unknown one is our fault."""
    del error
    return ServiceError()


@as_service_error.register
def _(error: ServiceError) -> ServiceError:
    return error


@as_service_error.register
def _(error: redis.RedisError) -> ServiceError:
    del error
    return RedisUnavailable()


@as_service_error.register
def _(error: ModelStoreError) -> ServiceError:
    del error
    return StoreUnavailable()


@as_service_error.register
def _(error: ArchiveError) -> ServiceError:
    del error
    return ArchiveAway()


@as_service_error.register
def _(error: ArchiveTooSlow) -> ServiceError:
    del error
    return ArchiveSlow()


@as_service_error.register
def _(error: ArtifactError) -> ServiceError:
    del error
    return ModelRefused()


@as_service_error.register
def _(error: UnknownModel) -> ServiceError:
    del error
    return UnknownVersion()


@as_service_error.register
def _(error: AliasesChanged) -> ServiceError:
    del error
    return PreconditionFailed()


@as_service_error.register
def _(error: queue.UnknownJob) -> ServiceError:
    del error
    return UnknownPrediction()


@as_service_error.register
def _(error: queue.JobGone) -> ServiceError:
    deleted_at = rfc3339(error.deleted_ms)
    kept = "This prediction was kept for its time, which is over, and was removed."
    return Gone(
        "You deleted this prediction." if deleted_at else kept,
        members={
            "id": error.job_id,
            "completed_at": rfc3339(error.completed_ms),
            "reason": "deleted" if deleted_at else "retention",
            "data_removed": True,
            **({"deleted_at": deleted_at} if deleted_at else {}),
        },
    )


@as_service_error.register
def _(error: queue.IdTaken) -> ServiceError:
    return IdTaken(headers=_left(error))


@as_service_error.register
def _(error: queue.NotRetryable) -> ServiceError:
    status = State(error.state).status
    return NotRetryable(
        f"Only a failed or canceled prediction can be retried; this one is {status}."
    )


@as_service_error.register
def _(error: queue.IdempotencyMismatch) -> ServiceError:
    return KeyReused(members={"prediction": error.job_id}, headers=_left(error))


@as_service_error.register
def _(error: queue.QueueFull) -> ServiceError:
    return QueueIsFull(retry_after_s=error.retry_after_s, headers=_left(error))


@as_service_error.register
def _(error: queue.RateExceeded) -> ServiceError:
    limit = error.limit
    return QuotaExceeded(
        f"This API key may send {limit.requests} requests in {limit.seconds} s, and "
        "has sent them; nothing was queued.",
        retry_after_s=error.retry_after_s,
        headers=_left(error),
    )


@as_service_error.register
def _(error: queue.OpenJobsQuota) -> ServiceError:
    return TooManyOpen(
        f"You may have {error.quota} unfinished predictions, and have them; nothing "
        "was queued.",
        retry_after_s=error.retry_after_s,
        headers=_left(error),
    )


@as_service_error.register
def _(error: queue.LongWait) -> ServiceError:
    most = f"the {error.limit_s:.3g} s that this service lets a job wait"
    if error.deadline_ms is not None:
        most = (
            f"the {error.limit_s:.3g} s that your deadline of "
            f"{error.deadline_ms / 1000:.3g} s leaves for it"
        )
    return LineTooLong(
        f"The expected wait is {error.wait_s:.3g} s, more than {most}; nothing was "
        "queued.",
        retry_after_s=error.retry_after_s,
        headers=_left(error),
    )


@as_service_error.register
def _(error: queue.UnknownWait) -> ServiceError:
    return LineTooLong(
        f"How fast jobs are priced now is not known, and {error.jobs} are before "
        "yours: too many for so near a deadline; nothing was queued.",
        retry_after_s=error.retry_after_s,
        headers=_left(error),
    )


@as_service_error.register
def _(error: queue.MemoryFull) -> ServiceError:
    return MemoryIsFull(retry_after_s=error.retry_after_s, headers=_left(error))


@as_service_error.register
def _(error: queue.RedisEvicts) -> ServiceError:
    return MemoryIsFull(
        str(error), retry_after_s=error.retry_after_s, headers=_left(error)
    )


@as_service_error.register
def _(error: webhooks.WebhookError) -> ServiceError:
    return _WEBHOOKS[type(error)]()


@as_service_error.register
def _(error: SealingError) -> ServiceError:
    is_set_up = not isinstance(error, NoSecretKeys)
    return SecretKeysWrong() if is_set_up else SecretKeysMissing()


@as_service_error.register
def _(error: http.HTTPException) -> ServiceError:
    return _HTTP.get(error.code or 500, ServiceError)()


@as_service_error.register
def _(error: http.MethodNotAllowed) -> ServiceError:
    return MethodNotAllowed(headers={"Allow": allowed(error)})


def _left(error: queue.QueueError) -> dict[str, str]:
    """Return the headers that tell what the request has left of its key's limit."""
    return headers.left(error.allowance)


def allowed(error: http.MethodNotAllowed) -> str:
    """Return the Allow header of an address; it always takes OPTIONS."""
    return ", ".join(sorted({*(error.valid_methods or ()), "OPTIONS"}))


_WEBHOOKS: dict[type[webhooks.WebhookError], type[ServiceError]] = {
    webhooks.UnknownEndpoint: UnknownWebhook,
    webhooks.UnknownDelivery: UnknownDelivery,
    webhooks.TooManyEndpoints: TooManyWebhooks,
    webhooks.TooManySecrets: TooManySecrets,
    webhooks.EndpointDisabled: WebhookDisabled,
    webhooks.DeliveryPending: DeliveryUnderWay,
    webhooks.DeliveryErased: DeliveryRemoved,
    webhooks.TooManyPending: TooManyWaiting,
}
_HTTP: dict[int, type[ServiceError]] = {
    400: BadRequest,
    404: NoSuchRoute,
    406: NotAcceptable,
    413: BodyTooLarge,
    415: UnsupportedMedia,
}

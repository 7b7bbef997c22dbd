"""From any exception to what a client is told: the one place where it gets a status."""

from datetime import UTC, datetime
from functools import singledispatch

import redis
from werkzeug import exceptions as http

from api.errors import (
    BadRequest,
    BodyTooLarge,
    Gone,
    KeyReused,
    MemoryIsFull,
    MethodNotAllowed,
    ModelRefused,
    NoSuchRoute,
    NotAcceptable,
    QueueIsFull,
    RedisUnavailable,
    ServiceError,
    StoreUnavailable,
    UnknownPrediction,
    UnknownVersion,
    UnsupportedMedia,
)
from model_store.errors import ArtifactError, ModelStoreError, UnknownModel
from worker import errors as queue


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
def _(error: ArtifactError) -> ServiceError:
    del error
    return ModelRefused()


@as_service_error.register
def _(error: UnknownModel) -> ServiceError:
    del error
    return UnknownVersion()


@as_service_error.register
def _(error: queue.UnknownJob) -> ServiceError:
    del error
    return UnknownPrediction()


@as_service_error.register
def _(error: queue.JobGone) -> ServiceError:
    completed = datetime.fromtimestamp(error.completed_ms / 1000, UTC)
    return Gone(
        members={
            "completed_at": f"{completed:%Y-%m-%dT%H:%M:%S}Z",
            "reason": "retention",
        }
    )


@as_service_error.register
def _(error: queue.IdempotencyMismatch) -> ServiceError:
    return KeyReused(members={"prediction": error.job_id})


@as_service_error.register
def _(error: queue.QueueFull) -> ServiceError:
    return QueueIsFull(retry_after_s=error.retry_after_s)


@as_service_error.register
def _(error: queue.MemoryFull) -> ServiceError:
    return MemoryIsFull(retry_after_s=error.retry_after_s)


@as_service_error.register
def _(error: queue.RedisEvicts) -> ServiceError:
    return MemoryIsFull(str(error), retry_after_s=error.retry_after_s)


@as_service_error.register
def _(error: http.HTTPException) -> ServiceError:
    translated = _HTTP.get(error.code or 500, ServiceError)
    allow = dict(error.get_headers()).get("Allow")
    return translated(headers={"Allow": allow} if allow else None)


_HTTP: dict[int, type[ServiceError]] = {
    400: BadRequest,
    404: NoSuchRoute,
    405: MethodNotAllowed,
    406: NotAcceptable,
    413: BodyTooLarge,
    415: UnsupportedMedia,
}

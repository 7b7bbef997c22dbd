"""What can go wrong in a request, as a client is told; one status for each cause.

Each class names one cause; the root itself is a fault of the service.

ServiceError                                                               500
 +-- MalformedBody, CutBody, MalformedHeader, MalformedParameter,
 |   BadRequest                                                             400
 +-- MissingKey, InvalidKey                                                 401
 +-- MissingScope                                                           403
 +-- UnknownPrediction, UnknownVersion, NoSuchRoute                         404
 +-- MethodNotAllowed                                                       405
 +-- NotAcceptable                                                          406
 +-- SlowBody                                                               408
 +-- IdTaken, NotRetryable                                                  409
 +-- Gone                                                                   410
 +-- PreconditionFailed                                                     412
 +-- BodyTooLarge                                                           413
 +-- UnsupportedMedia                                                       415
 +-- InvalidSubmission, KeyReused                                           422
 +-- QuotaExceeded, TooManyOpen                                             429
 +-- QueueIsFull, MemoryIsFull, LineTooLong, RedisUnavailable, StoreUnavailable,
     ModelRefused, NoChampion, NotReady                                     503

Those around API keys are in `key_problems`, those around webhooks in
`webhook_problems`, those around properties in `property_problems`, those around aliases
in `alias_problems`, those around told sales in `outcome_problems`, that of the archive
in `archive_problems`.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import orjson

#: Media type of every error, RFC 9457.
PROBLEM_TYPE = "application/problem+json"
#: Seconds after which a client may ask again when nothing better is known.
RETRY_AFTER_S = 5

_TYPE_PREFIX = "urn:kerbside:problem:"


def spread(seconds: int, *, draw: Callable[[int, int], int] = random.randint) -> int:
    """Return the seconds of a Retry-After: those given, or up to half as many more.

    Clients that were put off together are not to return together.
    """
    return draw(seconds, seconds + math.ceil(seconds / 2))


def _again(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(spread(seconds))}


class ServiceError(Exception):
    """The service made a mistake; it has been logged under the request id."""

    status: ClassVar[int] = 500
    #: Last part of the `type` URI: one cause, one type.
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        self.detail = detail or type(self).__doc__ or self.title
        self.headers = dict(headers or {})
        self.members = dict(members or {})
        super().__init__(self.detail)

    @classmethod
    def type_uri(cls) -> str:
        """Return the URI that names this cause."""
        return _TYPE_PREFIX + cls.slug

    def body(self, request_id: str) -> bytes:
        """Return the problem document."""
        return orjson.dumps(
            {
                "type": self.type_uri(),
                "title": self.title,
                "status": self.status,
                "detail": self.detail,
                "request_id": request_id,
                **self.members,
            }
        )


class MalformedBody(ServiceError):
    """The body is not JSON."""

    status = 400
    slug = "malformed-body"
    title = "Body cannot be read"


class CutBody(ServiceError):
    """The body ended before its announced length; nothing was queued, send it again."""

    status = 400
    slug = "cut-body"
    title = "Body cut short"


class MalformedHeader(ServiceError):
    """A request header cannot be read."""

    status = 400
    slug = "malformed-header"
    title = "Header cannot be read"


class MalformedParameter(ServiceError):
    """A query parameter cannot be read."""

    status = 400
    slug = "malformed-parameter"
    title = "Parameter cannot be read"


class BadRequest(ServiceError):
    """The request is not valid HTTP for this service."""

    status = 400
    slug = "bad-request"
    title = "Bad request"


class MissingKey(ServiceError):
    """Send an API key: 'Authorization: Bearer kb_...'."""

    status = 401
    slug = "missing-key"
    title = "API key missing"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="kerbside"'})


class InvalidKey(ServiceError):
    """The API key is unknown, revoked or expired."""

    status = 401
    slug = "invalid-key"
    title = "API key not valid"

    def __init__(self) -> None:
        challenge = 'Bearer realm="kerbside", error="invalid_token"'
        super().__init__(headers={"WWW-Authenticate": challenge})


class MissingScope(ServiceError):
    """The API key does not allow this."""

    status = 403
    slug = "missing-scope"
    title = "API key lacks a scope"

    def __init__(self, scope: str) -> None:
        challenge = (
            f'Bearer realm="kerbside", error="insufficient_scope", scope="{scope}"'
        )
        super().__init__(
            f"This needs a key with the scope {scope!r}.",
            headers={"WWW-Authenticate": challenge},
        )


class UnknownPrediction(ServiceError):
    """No prediction of yours has this id."""

    status = 404
    slug = "unknown-prediction"
    title = "No such prediction"


class UnknownVersion(ServiceError):
    """The model store has no such version or alias."""

    status = 404
    slug = "unknown-model-version"
    title = "No such model version"


class NoSuchRoute(ServiceError):
    """Nothing is served at this address; /openapi.json lists what is."""

    status = 404
    slug = "no-such-route"
    title = "No such address"


class MethodNotAllowed(ServiceError):
    """This address does not take that method; the Allow header lists those it takes."""

    status = 405
    slug = "method-not-allowed"
    title = "Method not allowed"


class NotAcceptable(ServiceError):
    """This address answers JSON only; the Accept header excludes it."""

    status = 406
    slug = "not-acceptable"
    title = "No acceptable form"


class IdTaken(ServiceError):
    """This id names another prediction: choose a new one, or repeat what made it."""

    status = 409
    slug = "id-taken"
    title = "Id taken"


class NotRetryable(ServiceError):
    """Only a failed or canceled prediction can be retried."""

    status = 409
    slug = "not-retryable"
    title = "Cannot be retried"


class Gone(ServiceError):
    """The prediction was removed: after its time, or because you deleted it."""

    status = 410
    slug = "prediction-removed"
    title = "Prediction removed"


class SlowBody(ServiceError):
    """The body did not come in time; nothing was queued, send it again in one go.

    The connection is closed, mostly before this answer has been read.
    """

    status = 408
    slug = "slow-body"
    title = "Body too slow"

    def __init__(self) -> None:
        super().__init__(headers={"Connection": "close"})


class PreconditionFailed(ServiceError):
    """It is not as If-Match or If-None-Match says; read it and decide."""

    status = 412
    slug = "precondition-failed"
    title = "Not as expected"


class BodyTooLarge(ServiceError):
    """The body is larger than this service takes."""

    status = 413
    slug = "body-too-large"
    title = "Body too large"


class UnsupportedMedia(ServiceError):
    """Send the body as application/json in UTF-8, not compressed."""

    status = 415
    slug = "unsupported-media-type"
    title = "Unsupported media type"


class InvalidSubmission(ServiceError):
    """The request was understood and is not valid; `errors` lists every reason."""

    status = 422
    slug = "invalid-submission"
    title = "Not valid"

    def __init__(
        self, errors: Sequence[Mapping[str, Any]], detail: str | None = None
    ) -> None:
        super().__init__(detail, members={"errors": list(errors)})


class KeyReused(ServiceError):
    """This Idempotency-Key was used with another request; choose a new key."""

    status = 422
    slug = "idempotency-key-reused"
    title = "Idempotency-Key reused"


class QuotaExceeded(ServiceError):
    """This API key has sent as many requests as it may for now; nothing was queued."""

    status = 429
    slug = "quota-exceeded"
    title = "Rate limit reached"

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after_s: int = RETRY_AFTER_S,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, headers={**_again(retry_after_s), **(headers or {})})


class TooManyOpen(QuotaExceeded):
    """You have as many unfinished predictions as you may; nothing was queued."""

    slug = "open-jobs-quota"
    title = "Too many unfinished predictions"


class Unavailable(ServiceError):
    """The service cannot answer now; repeat the request later."""

    status = 503
    slug = "unavailable"
    title = "Not available now"

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after_s: int = RETRY_AFTER_S,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        told = {**_again(retry_after_s), **(headers or {})}
        super().__init__(detail, headers=told, members=members)


class QueueIsFull(Unavailable):
    """The queue holds as many jobs as it may; nothing was queued, repeat later."""

    slug = "queue-full"
    title = "Queue full"


class MemoryIsFull(Unavailable):
    """The job store is at its memory limit; nothing was queued, repeat later."""

    slug = "memory-full"
    title = "Job store full"


class LineTooLong(Unavailable):
    """The price would come too late, as busy as workers are; nothing was queued."""

    slug = "temporary-reduced-capacity"
    title = "Too busy for now"


class RedisUnavailable(Unavailable):
    """The job store does not answer.

    Whether a submit was taken is unknown: repeat it with the same Idempotency-Key.
    """

    slug = "job-store-unavailable"
    title = "Job store not available"


class StoreUnavailable(Unavailable):
    """The model store cannot be read; repeat the request later."""

    slug = "model-store-unavailable"
    title = "Model store not available"


class ModelRefused(StoreUnavailable):
    """The files of this model version are damaged or not trusted: it prices nothing."""

    slug = "model-version-refused"
    title = "Model version refused"


class NoChampion(Unavailable):
    """No model has been promoted yet, so nothing can be priced."""

    slug = "no-champion"
    title = "No model to price with"


class NotReady(Unavailable):
    """This process cannot serve requests now."""

    slug = "not-ready"
    title = "Not ready"

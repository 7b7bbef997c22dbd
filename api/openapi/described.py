"""How a route is described in OpenAPI: its answers, its errors, its parameters."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any

from api import errors, security_headers
from api.errors import PROBLEM_TYPE, QuotaExceeded, ServiceError
from api.headers import JSON
from api.schemas import Problem

#: What can go wrong with a body.
BODY_CAUSES = (
    errors.MalformedBody,
    errors.CutBody,
    errors.SlowBody,
    errors.BodyTooLarge,
    errors.UnsupportedMedia,
    errors.InvalidSubmission,
)


def _schema(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


#: Headers that every answer has, some of them as the service is set up.
ALWAYS = ("Request-Id", "traceresponse", *security_headers.chosen("https://"))


def _headers(names: Sequence[str]) -> dict[str, Any]:
    return {
        name: {"$ref": f"#/components/headers/{name}"} for name in (*names, *ALWAYS)
    }


def success(
    description: str, schema: str, *names: str, links: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the answer of a route that went well.

    Args:
        description: When it comes.
        schema: Name of its body's schema.
        names: Its headers, beside those that every answer has.
        links: What can be done with the thing that it shows.
    """
    answer = {
        "description": description,
        "headers": _headers(names),
        "content": {JSON: {"schema": _schema(schema)}},
    }
    if links:
        answer["links"] = {
            name: {"$ref": f"#/components/links/{name}"} for name in links
        }
    return answer


def empty(description: str, *names: str) -> dict[str, Any]:
    """Return an answer without content."""
    return {
        "description": description,
        "headers": _headers(names),
    }


def plain(
    description: str, media_types: str | Sequence[str], *names: str
) -> dict[str, Any]:
    """Return the answer of a body whose schema is not this document's to give."""
    types = [media_types] if isinstance(media_types, str) else media_types
    return {
        "description": description,
        "headers": _headers(names),
        "content": {
            one: {"schema": {"type": "object" if one == JSON else "string"}}
            for one in types
        },
    }


def unchanged(*names: str) -> dict[str, Any]:
    """Return the answer to who has the thing already."""
    return empty("Still what the ETag in If-None-Match says.", *names)


def failures(causes: Sequence[type[ServiceError]]) -> dict[int, dict[str, Any]]:
    """Return one response a status, with an example of each cause."""
    counts = QuotaExceeded in causes
    ordered = sorted(causes, key=lambda cause: cause.status)
    found = {}
    for status, group in groupby(ordered, key=lambda cause: cause.status):
        members = list(group)
        found[status] = {
            "description": HTTPStatus(status).phrase,
            "headers": _headers(_error_headers(status, counts=counts)),
            "content": {
                PROBLEM_TYPE: {
                    "schema": _schema(Problem.__name__),
                    "examples": {cause.slug: _example(cause) for cause in members},
                }
            },
        }
    return found


def _error_headers(status: int, *, counts: bool) -> list[str]:
    """Return the headers of an error; `counts`: of a request that a limit counts."""
    named = {
        401: ["WWW-Authenticate"],
        403: ["WWW-Authenticate"],
        408: ["Connection"],
        416: ["Content-Range"],
        429: ["Retry-After"],
        503: ["Retry-After"],
    }.get(status, [])
    left = ["RateLimit", "RateLimit-Policy"]
    return [*named, *left] if counts and status in {409, 422, 429, 503} else named


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


def operation(
    *,
    success: dict[int, dict[str, Any]],
    causes: Sequence[type[ServiceError]],
    parameters: Sequence[str] = (),
    body: str | None = None,
    further_bodies: Mapping[str, Mapping[str, Any]] | None = None,
    is_body_required: bool = True,
    scopes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what the document says of a route beside its path and summary.

    Args:
        success: Status -> answer of what went well.
        causes: What can go wrong.
        parameters: Names of its parameters, beside `Request-Id` and those in the path.
        body: Name of the schema of the request's body.
        further_bodies: Media types that it may have else, and their schemas.
        is_body_required: Whether none says nothing.
        scopes: What the key must be allowed to do; nothing: served to anybody.
    """
    responses = {**success, **failures(causes)}
    described: dict[str, Any] = {
        "parameters": [
            {"$ref": f"#/components/parameters/{name}"}
            for name in (*parameters, "Request-Id", "traceparent")
        ],
        "responses": {str(code): responses[code] for code in sorted(responses)},
        # OpenAPI 3.1 lets a requirement name what the key must be allowed to do; an
        # empty list says that none is needed.
        "security": [{"key": list(scopes)}] if scopes else [],
    }
    if body is not None:
        content = {JSON: {"schema": _schema(body)}}
        for media_type, schema in (further_bodies or {}).items():
            content[media_type] = {"schema": dict(schema)}
        described["requestBody"] = {"required": is_body_required, "content": content}
    return described

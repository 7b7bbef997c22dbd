"""Answers as bytes: a prediction with its headers, and plain JSON."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, request

from api import headers
from api.services import services
from worker.jobs import Job

JSON = "application/json"


def dumps(body: Mapping[str, Any]) -> bytes:
    """Return JSON bytes."""
    return orjson.dumps(body)


def json(
    body: bytes | Mapping[str, Any],
    status: int = 200,
    extra: Mapping[str, str] | None = None,
) -> Response:
    """Return a JSON answer."""
    data = body if isinstance(body, bytes) else dumps(body)
    return Response(data, status, extra, content_type=JSON)


def prediction(job: Job, status: int, extra: dict[str, str]) -> Response:
    """Return a prediction as poll and webhook know it, or 304 if the client has it."""
    shared = services()
    body = job.public(shared.settings.public_url)
    etag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    extra["ETag"] = etag
    if not job.state.is_terminal:
        extra["Retry-After"] = str(shared.pace.retry_after_s(job.position))
    if status == 200 and headers.etag_matches(  # noqa: PLR2004 - 200 is 200
        request.environ.get("HTTP_IF_NONE_MATCH"), etag
    ):
        return Response(status=304, headers=extra)
    return Response(body, status, extra, content_type=JSON)

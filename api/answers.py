"""Answers as bytes: a prediction with its headers, and plain JSON."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from flask import Response, request

from api import headers
from api.services import services
from worker.jobs import Job

JSON = "application/json"
_OK, _NOT_MODIFIED = 200, 304


class Answer(Response):
    """A whole answer in one piece of bytes.

    Werkzeug prepares each response for streaming and resolves its Location against
    the request: 18 us of 24 a response, and the server sends a list faster than an
    iterator. This one hands over its bytes and headers as they are.
    """

    def __init__(
        self, body: bytes, status: int, extra: Mapping[str, str], content_type: str
    ) -> None:
        wire = [*extra.items(), ("Content-Length", str(len(body)))]
        super().__init__(None, status, wire, content_type=content_type)
        self.response = self._whole = [body]

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        start_response(self.status, self.headers.to_wsgi_list())
        return [] if environ["REQUEST_METHOD"] == "HEAD" else self._whole


def dumps(body: Mapping[str, Any]) -> bytes:
    """Return JSON bytes."""
    return orjson.dumps(body)


def etag_of(body: bytes) -> str:
    """Return the strong entity tag of an answer: a hash of the bytes sent."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def json(
    body: bytes | Mapping[str, Any],
    status: int = _OK,
    extra: Mapping[str, str] | None = None,
) -> Response:
    """Return a JSON answer."""
    data = body if isinstance(body, bytes) else dumps(body)
    return Answer(data, status, extra or {}, JSON)


def unless_known(body: bytes, extra: dict[str, str]) -> Response:
    """Return a JSON answer with its tag, or 304 if the client has it already."""
    extra["ETag"] = etag = etag_of(body)
    if headers.etag_matches(request.environ.get("HTTP_IF_NONE_MATCH"), etag):
        return Response(status=_NOT_MODIFIED, headers=extra)
    return Answer(body, _OK, extra, JSON)


def prediction(job: Job, status: int, extra: dict[str, str]) -> Response:
    """Return a prediction as poll and webhook know it."""
    shared = services()
    body = job.public(shared.settings.public_url)
    if not job.state.is_terminal:
        extra["Retry-After"] = str(shared.pace.retry_after_s(job.position))
    if status == _OK:
        return unless_known(body, extra)
    extra["ETag"] = etag_of(body)
    return Answer(body, status, extra, JSON)

"""Answers as bytes: a prediction with its headers, and plain JSON."""

import hashlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson

from api import headers
from api.call import Call
from api.headers import JSON
from worker.jobs import Job

_OK, _NOT_MODIFIED = 200, 304
#: Methods that may be answered with "you know it already", RFC 9110.
_READS = {"GET", "HEAD"}
#: What the first line of an answer says.
_STATUS_LINES = {one.value: f"{one.value} {one.phrase}" for one in HTTPStatus}


class Answer:
    """A whole answer in one piece of bytes: a WSGI application, as Flask takes it.

    Flask's own response is made for streams and for changes on its way out, which
    costs 40 us of CPU; nobody changes this one but by its headers.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, body: bytes, status: int, extra: Mapping[str, str], content_type: str
    ) -> None:
        self.body = body
        self.status = status
        self.headers = {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            **extra,
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        start_response(_STATUS_LINES[self.status], list(self.headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.body]


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
) -> Answer:
    """Return a JSON answer."""
    data = body if isinstance(body, bytes) else dumps(body)
    return Answer(data, status, extra or {}, JSON)


def unless_known(
    body: bytes,
    if_none_match: str | None,
    extra: Mapping[str, str],
    content_type: str = JSON,
) -> Answer:
    """Return an answer with its tag, or 304 if the client has it already."""
    etag = etag_of(body)
    if not headers.etag_matches(if_none_match, etag):
        return Answer(body, _OK, {**extra, "ETag": etag}, content_type)
    # Of what is not sent the tag says enough (RFC 9110, 15.4.5).
    told = {name: value for name, value in extra.items() if name != "Last-Modified"}
    return empty(_NOT_MODIFIED, {**told, "ETag": etag})


def empty(status: int, extra: Mapping[str, str] | None = None) -> Answer:
    """Return an answer that has no content, and so says nothing of one."""
    answer = Answer(b"", status, extra or {}, JSON)
    del answer.headers["Content-Type"], answer.headers["Content-Length"]
    return answer


def prediction(call: Call, job: Job, status: int, extra: dict[str, str]) -> Answer:
    """Return a prediction as poll and webhook know it."""
    body, method = representation(call, job), call.environ["REQUEST_METHOD"]
    if not job.state.is_terminal:
        extra["Retry-After"] = str(call.shared.pace.retry_after_s(job.position))
    if method in _READS:
        return unless_known(body, call.environ.get("HTTP_IF_NONE_MATCH"), extra)
    # To a PUT a tag would say that what was sent is kept as it is, RFC 9110.
    tag = {} if method == "PUT" else {"ETag": etag_of(body)}
    return Answer(body, status, {**extra, **tag}, JSON)


def representation(call: Call, job: Job) -> bytes:
    """Return a prediction as everybody reads it now."""
    shared = call.shared
    start_ms = None
    if not job.state.is_terminal:
        start_ms = shared.pace.estimated_start_ms(job.position)
    return job.public(shared.settings.public_url, estimated_start_ms=start_ms)

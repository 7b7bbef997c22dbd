"""The body of a request, read off the wire and bounded."""

from collections.abc import Iterator
from typing import Any

from werkzeug.wsgi import get_content_length

from api.batch_problems import LengthRequired
from api.errors import BodyTooLarge, CutBody

#: Bytes that are read at a time of a body that is not held whole.
_BLOCK = 65_536
_MOST = "The body has more than {} bytes, the most that this service takes"


def read(environ: dict[str, Any], limit: int) -> bytes:
    """Return the body.

    Args:
        environ: The request as the server handed it over, PEP 3333.
        limit: Bytes that it may have.

    Raises:
        BodyTooLarge: It has more, by its announced length or as counted.
        CutBody: It ended before its announced length.
    """
    length = get_content_length(environ)
    if length is None:
        return _unannounced(environ, limit)
    if length > limit:
        raise _too_large(limit)
    body = _up_to(length, environ["wsgi.input"])
    if len(body) < length:
        raise CutBody
    return body


def blocks(environ: dict[str, Any], limit: int) -> Iterator[bytes]:
    """Yield the body bit by bit, for one that must not be held whole.

    Part of a table is a table, too, and servers do not tell of a body in chunks that
    its sender broke off: only its length shows that all of it is there.

    Args:
        environ: The request as the server handed it over, PEP 3333.
        limit: Bytes that it may have.

    Raises:
        LengthRequired: Its length was not announced.
        BodyTooLarge: It has more, by its announced length.
        CutBody: It ended before its announced length.
    """
    left = get_content_length(environ)
    if left is None:
        if environ.get("wsgi.input_terminated"):
            raise LengthRequired
        return
    if left > limit:
        raise BodyTooLarge(_MOST.format(limit) + ": send it in parts.")
    stream = environ["wsgi.input"]
    while left and (block := stream.read(min(left, _BLOCK))):
        left -= len(block)
        yield block
    if left:
        raise CutBody


def _unannounced(environ: dict[str, Any], limit: int) -> bytes:
    """Return a body in chunks, whose end only some servers can tell."""
    if not environ.get("wsgi.input_terminated"):
        return b""
    # One byte more may be read, or it would be cut at the limit without a word.
    body = _up_to(limit + 1, environ["wsgi.input"])
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _up_to(size: int, stream: Any) -> bytes:
    """Read until there are `size` bytes or the stream ends; a read may bring fewer."""
    body: bytes = stream.read(size)
    while len(body) < size and (more := stream.read(size - len(body))):
        body += more
    return body


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(_MOST.format(limit) + ": shorten it; a house needs about 500.")

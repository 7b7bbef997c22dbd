"""A part of a stream, as RFC 9110 has clients ask for it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Response
from werkzeug.http import parse_range_header

from api.batch_problems import RangeNotThere

Parts = Callable[[], Iterator[bytes]]
#: Where a range begins, from the end if it is less than 0; and where it ends, None: at
#: the end.
Span = tuple[int, int | None]


def asked(environ: Mapping[str, Any]) -> Span | None:
    """Return the one range of bytes that a request asks for; None: it wants it all.

    What may be ignored is: several ranges, other units, and those under a condition.
    Only of a GET is there a part.
    """
    if environ["REQUEST_METHOD"] != "GET":
        return None
    found = parse_range_header(environ.get("HTTP_RANGE"))
    if found is None or found.units != "bytes" or "HTTP_IF_RANGE" in environ:
        return None
    return found.ranges[0] if len(found.ranges) == 1 else None


def response(
    span: Span, parts: Parts, media_type: str, *, is_growing: bool = False
) -> Response:
    """Return a range; what of it is beyond the whole is left out.

    How long the whole is nobody keeps: it is made twice, once to be counted.

    Args:
        span: The range.
        parts: Makes the whole, the same each time.
        media_type: Of the whole.
        is_growing: Whether more is to come, so that nobody knows how much it will be.

    Raises:
        RangeNotThere: The whole ends before the range begins.
    """
    total = sum(map(len, parts()))
    first, end = span
    first = max(0, total + first) if first < 0 else first
    end = total if end is None else min(end, total)
    if first >= end:
        raise RangeNotThere(headers={"Content-Range": f"bytes */{total}"})
    headers = {
        "Content-Range": f"bytes {first}-{end - 1}/{'*' if is_growing else total}",
        "Content-Length": str(end - first),
    }
    return Response(
        _cut(parts(), first, end), 206, headers=headers, content_type=media_type
    )


def _cut(parts: Iterator[bytes], first: int, end: int) -> Iterator[bytes]:
    at = 0
    for part in parts:
        if at >= end:
            return
        if at + len(part) > first:
            yield part[max(0, first - at) : end - at]
        at += len(part)

"""The laws of reading a body off the wire."""

import io
from typing import Any

import pytest

from api import upload
from api.errors import BodyTooLarge, CutBody

LIMIT = 10


class _InPieces(io.BytesIO):
    """A stream that gives two bytes at a time, as PEP 3333 allows."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 2))


def _read(body: bytes, **environ: Any) -> bytes:
    return upload.read({"wsgi.input": _InPieces(body), **environ}, LIMIT)


def test_a_body_is_read_piece_by_piece() -> None:
    """Until it is as long as announced, and no further."""
    assert _read(b"1234567", CONTENT_LENGTH="5") == b"12345"


def test_a_body_in_chunks_is_read_to_its_end() -> None:
    """Where the server says that it can tell the end."""
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}

    assert _read(b"1234567", **chunked) == b"1234567"
    assert _read(b"1" * LIMIT, **chunked) == b"1" * LIMIT
    with pytest.raises(BodyTooLarge):
        _read(b"1" * (LIMIT + 1), **chunked)


def test_a_body_whose_end_nobody_can_tell_is_not_read() -> None:
    """To read it would be to wait without end."""
    assert _read(b"1234567") == b""


def test_a_body_longer_than_the_limit_is_refused_by_its_length() -> None:
    """Unread, and told with the limit."""
    with pytest.raises(BodyTooLarge, match="more than 10 bytes"):
        _read(b"", CONTENT_LENGTH=str(LIMIT + 1))


def test_a_body_that_ends_early_is_cut() -> None:
    """However little is missing."""
    with pytest.raises(CutBody):
        _read(b"1234", CONTENT_LENGTH="5")

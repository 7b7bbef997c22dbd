"""A range of a stream is what it is of the whole, however that comes in parts."""

from collections.abc import Iterator

import pytest

from api import byte_ranges
from api.batch_problems import RangeNotThere

GET = {"REQUEST_METHOD": "GET"}
WHOLE = b"abcdefghij"


def _parts() -> Iterator[bytes]:
    return iter([b"abc", b"", b"defgh", b"ij"])


@pytest.mark.parametrize("first", range(10))
@pytest.mark.parametrize("last", range(12))
def test_any_range_is_cut_out(first: int, last: int) -> None:
    """Across parts, and no further than there is."""
    span = byte_ranges.asked({**GET, "HTTP_RANGE": f"bytes={first}-{last}"})
    if first > last:
        assert span is None
        return
    assert span

    answer = byte_ranges.response(span, _parts, "text/csv")

    assert answer.status_code == 206
    assert answer.data == WHOLE[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{min(last, 9)}/10"


@pytest.mark.parametrize(
    ("asked", "told"), [("7-", b"hij"), ("-3", b"hij"), ("-30", WHOLE)]
)
def test_ranges_may_be_open(asked: str, told: bytes) -> None:
    """At one end."""
    span = byte_ranges.asked({**GET, "HTTP_RANGE": f"bytes={asked}"})
    assert span

    assert byte_ranges.response(span, _parts, "text/csv").data == told


@pytest.mark.parametrize("header", ["bytes=0-1,4-5", "lines=1-", "bytes=5-3", "x"])
def test_what_is_no_single_range_of_bytes_is_ignored(header: str) -> None:
    """The whole is sent, as it is where a condition is said."""
    assert byte_ranges.asked({**GET, "HTTP_RANGE": header}) is None
    condition = {**GET, "HTTP_RANGE": "bytes=0-", "HTTP_IF_RANGE": '"x"'}
    assert byte_ranges.asked(condition) is None


def test_what_is_not_there_is_told_with_what_is() -> None:
    """Of nothing, nothing is there."""
    for parts, total in ((_parts, 10), (lambda: iter([]), 0)):
        with pytest.raises(RangeNotThere) as told:
            byte_ranges.response((10, None), parts, "text/csv")

        assert told.value.headers["Content-Range"] == f"bytes */{total}"


def test_a_range_is_asked_of_a_get_alone() -> None:
    """There is no part of an answer without a body."""
    asked = {"REQUEST_METHOD": "HEAD", "HTTP_RANGE": "bytes=0-1"}

    assert byte_ranges.asked(asked) is None


def test_of_what_still_grows_nobody_is_told_how_much_it_is() -> None:
    """Whoever has all of that now is not at its end."""
    answer = byte_ranges.response((2, None), _parts, "text/csv", is_growing=True)

    assert answer.headers["Content-Range"] == "bytes 2-9/*"
    assert answer.headers["Content-Length"] == "8"

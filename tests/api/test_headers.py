"""The laws of request headers, each as its standard says."""

import pytest

from api import headers
from api.errors import MalformedHeader


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, None),
        ("", None),
        ("wait=5", 5),
        ("wait", 60),
        ("wait=0", 0),
        ("wait=600", 60),
        ("wait=99999999999999999999", 60),
        ('wait="7"', 7),
        ("WAIT=8", 8),
        ("respond-async, wait=9", 9),
        ("respond-async;foo=bar, wait=10;x=y", 10),
        ('handling="a,wait=3", wait=11', 11),
        ("wait=12, wait=13", 12),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait=soon", None),
        ("wait=²", None),
        ("waiting=5", None),
        ("respond-async", None),
    ],
)
def test_prefer_is_a_list_in_which_wait_is_looked_for(
    prefer: str | None, seconds: int | None
) -> None:
    """What cannot be read is passed over, as RFC 7240 says."""
    assert headers.wait_preference(prefer, 60) == seconds


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (None, None),
        ("abc", "abc"),
        ('"abc"', "abc"),
        (' "a b" ', "a b"),
        (r'"a\"b\\c"', 'a"b\\c'),
        ("a" * 255, "a" * 255),
    ],
)
def test_an_idempotency_key_is_a_quoted_string_or_bare(
    text: str | None, key: str | None
) -> None:
    """Both spellings name the same key."""
    assert headers.idempotency_key(text) == key


@pytest.mark.parametrize(
    "text", ["", " ", '"', '""', '"a', r'"a\b"', "a" * 256, "\x7f"]
)
def test_a_key_that_cannot_be_read_is_an_error(text: str) -> None:
    """A repeat under a misread key would be a second job."""
    with pytest.raises(MalformedHeader):
        headers.idempotency_key(text)


def test_tags_are_compared_without_their_weakness() -> None:
    """RFC 9110, 13.1.2."""
    assert headers.etag_matches('"x", W/"y"', '"y"')
    assert headers.etag_matches("*", '"y"')
    assert not headers.etag_matches('"x"', '"y"')
    assert not headers.etag_matches(None, '"y"')

"""Request headers, each read by the grammar of its standard."""

import re
import secrets
from collections.abc import Sequence
from functools import lru_cache

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_list_header, parse_options_header

from api.errors import MalformedHeader, UnsupportedMedia
from api.found import shown
from api.request_body import MAX_DEADLINE_S
from worker.limits import Allowance

#: Longest Idempotency-Key, as Stripe's clients know it.
MAX_IDEMPOTENCY_KEY = 255

JSON, CSV = "application/json", "text/csv"
#: JSON one a line, under the name that answers bear.
NDJSON = "application/x-ndjson"
_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_PRINTABLE = re.compile(r"[ -~]+")
#: No comma: a server joins a header that is there twice with one.
_BARE = re.compile(r"[ -+\--~]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
#: Hours, minutes and seconds in this order, or seconds alone without their unit.
_DURATION = re.compile(
    r"(?=\d)(?:(\d{1,2})h)?(?:(\d{1,4})m)?(?:(\d{1,5}(?:\.\d{1,9})?)s?)?", re.ASCII
)
#: Different header texts that a process remembers the meaning of.
_REMEMBERED = 256
#: Characters of such a text, at most: what is remembered stays small.
_MAX_TEXT = 2048


def request_id(header: str | None) -> str:
    """Return the client's own id where it is one, else a new one."""
    if header and _REQUEST_ID.fullmatch(header):
        return header
    return secrets.token_hex(8)


def idempotency_key(header: str | None) -> str | None:
    """Read an Idempotency-Key: a quoted structured-field string, or the bare text.

    Raises:
        MalformedHeader: It is empty, too long, not printable ASCII, or there twice.
    """
    if header is None:
        return None
    text = header.strip()
    if text.startswith('"'):
        match = _QUOTED.fullmatch(text)
        text = re.sub(r"\\(.)", r"\1", match[1]) if match else ""
    elif not _BARE.fullmatch(text):
        text = ""
    if not _PRINTABLE.fullmatch(text) or len(text) > MAX_IDEMPOTENCY_KEY:
        raise MalformedHeader(
            f"Idempotency-Key must be there once, with 1 to {MAX_IDEMPOTENCY_KEY} "
            "printable ASCII characters, bare without a comma or as a quoted string; "
            f"got {shown(header)}."
        )
    return text


def wait_preference(header: str | None, cap_s: int) -> int | None:
    """Return the seconds of `wait` in a Prefer header, capped; None when it has none.

    Prefer is a list and preferences that cannot be read are passed over, RFC 7240.
    """
    if not header or len(header) > _MAX_TEXT:
        return None
    return _wait_s(header, cap_s)


@lru_cache(_REMEMBERED)
def _wait_s(header: str, cap_s: int) -> int | None:
    for preference in parse_list_header(header):
        name, _, value = preference.split(";", 1)[0].partition("=")
        seconds = value.strip().strip('"')
        if name.strip().lower() != "wait":
            continue
        if not seconds:
            return cap_s
        if seconds.isascii() and seconds.isdigit():
            return min(int(seconds[:9]), cap_s)
    return None


def cancel_after_s(header: str | None) -> float | None:
    """Read a Cancel-After: a duration such as `90s`, `1m` or `1h30m`, or seconds.

    Raises:
        MalformedHeader: It is no duration, nothing, or more than a day.
    """
    if header is None:
        return None
    match = _DURATION.fullmatch(header.strip())
    if match:
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        total_s = hours * 3600 + minutes * 60 + seconds
        if 0 < total_s <= MAX_DEADLINE_S:
            return total_s
    raise MalformedHeader(
        "Cancel-After must be a duration of at most a day, such as 90s, 1m or 1h30m; "
        f"got {shown(header)}."
    )


def preferred(header: str | None, offered: Sequence[str]) -> str | None:
    """Return which of some media types an Accept header wants most; None: none.

    Of those that it wants alike that is the first. Parameters of a type but its weight
    are passed over: there is one form of each.
    """
    if not header:
        return offered[0]
    if len(header) > _MAX_TEXT:
        return None
    best = max(offered, key=lambda one: _quality(header, one))
    return best if _quality(header, best) > 0 else None


@lru_cache(_REMEMBERED)
def _quality(header: str, media_type: str) -> float:
    asked = parse_accept_header(header, MIMEAccept)
    plain = [(one.partition(";")[0].strip(), quality) for one, quality in asked]
    return MIMEAccept(plain).quality(media_type)


def rate_limit(allowance: Allowance) -> dict[str, str]:
    """Return what a key may send and has left, as the IETF's draft writes it."""
    limit = allowance.limit
    return {
        "RateLimit-Policy": f'"default";q={limit.requests};w={limit.seconds}',
        "RateLimit": f'"default";r={allowance.remaining};t={allowance.reset_s}',
    }


def left(allowance: Allowance | None) -> dict[str, str]:
    """Return the same where somebody counts, else nothing."""
    return rate_limit(allowance) if allowance else {}


def require_json(content_type: str | None, content_encoding: str | None) -> None:
    """Let pass a body that is plain JSON.

    Raises:
        UnsupportedMedia: It is another type, another charset, or compressed.
    """
    text = content_type or ""
    if len(text) > _MAX_TEXT or not _is_json(text):
        said = f"Content-Type is {shown(text)}" if text else "Content-Type is missing"
        raise UnsupportedMedia(
            f"{said}: send the body as application/json in UTF-8, and say so."
        )
    require_uncompressed(content_encoding)


def require_uncompressed(content_encoding: str | None) -> None:
    """Let pass a body that is as it is.

    Raises:
        UnsupportedMedia: It is compressed.
    """
    if content_encoding and content_encoding.lower() != "identity":
        raise UnsupportedMedia(
            f"Content-Encoding is {shown(content_encoding)}: send the body as it is, "
            "not compressed."
        )


def is_csv(content_type: str | None) -> bool:
    """Tell whether a body is said to be a table, CSV in UTF-8."""
    text = content_type or ""
    if len(text) > _MAX_TEXT:
        return False
    media_type, options = parse_options_header(text)
    charset = options.get("charset", "utf-8").lower()
    return media_type.lower() == CSV and charset in {"utf-8", "utf8"}


@lru_cache(_REMEMBERED)
def _is_json(content_type: str) -> bool:
    media_type, options = parse_options_header(content_type)
    charset = options.get("charset", "utf-8").lower()
    return media_type.lower() == JSON and charset in {"utf-8", "utf8"}


def etag_matches(header: str | None, etag: str) -> bool:
    """Tell whether an If-None-Match header names `etag`, by weak comparison."""
    if header is None:
        return False
    candidates = (part.strip().removeprefix("W/") for part in header.split(","))
    return any(candidate in {etag, "*"} for candidate in candidates)


def etag_is(header: str, etag: str) -> bool:
    """Tell whether an If-Match header names `etag`, by strong comparison."""
    return any(part.strip() in {etag, "*"} for part in header.split(","))

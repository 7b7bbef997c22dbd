"""Webhooks as their receiver checks them, after Standard Webhooks."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import UnverifiedWebhook

#: Seconds that a webhook's clock and one's own may be apart.
TOLERANCE_S = 300.0
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
#: More digits are no instant.
_LONGEST_TIMESTAMP = 15


def verify_webhook(
    secret: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    tolerance_s: float = TOLERANCE_S,
    now: Callable[[], float] = time.time,
) -> dict[str, Any]:
    """Return the event of a webhook, once it is certain that Kerbside sent it.

    The same event may come more than once, with the same `webhook-id`: act on it once.

    Args:
        secret: `whsec_...`; several where one of them is to be replaced.
        headers: Those of the request, whatever their case.
        body: As it came, to the byte: JSON that was read and written is another.
        tolerance_s: Seconds that the two clocks may be apart.
        now: Seconds since the epoch.

    Raises:
        UnverifiedWebhook: It is not signed with any of the secrets, it is too old, or
            it is no event.
        ValueError: A secret is none.
    """
    keys = [_key(one) for one in ([secret] if isinstance(secret, str) else secret)]
    data = body.encode() if isinstance(body, str) else body
    event_id, at, signatures = _read(headers)
    if abs(now() - int(at)) > tolerance_s:
        raise UnverifiedWebhook(
            f"webhook-timestamp is more than {tolerance_s:g} s off: the webhook is an "
            "old one sent again, or one of the two clocks is wrong"
        )
    signed = f"{event_id}.{at}.".encode() + data
    given = [
        signature.encode()
        for version, _, signature in (one.partition(",") for one in signatures.split())
        if version == "v1"
    ]
    # All are compared, so that time tells nothing.
    fits = [
        hmac.compare_digest(_signature(key, signed), s) for key in keys for s in given
    ]
    if not any(fits):
        raise UnverifiedWebhook(
            "no signature fits: the secret is another one's, or the body is not the "
            "bytes that came"
        )
    return _event(data)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if not key:
        raise ValueError("a webhook secret is whsec_ and standard base64")
    return key


def _read(headers: Mapping[str, str]) -> tuple[str, str, str]:
    found = {name.lower(): value for name, value in headers.items()}
    for name in _HEADERS:
        if not found.get(name):
            raise UnverifiedWebhook(f"the header {name} is missing")
    event_id, at, signatures = (found[name] for name in _HEADERS)
    if not (at.isascii() and at.isdigit() and len(at) <= _LONGEST_TIMESTAMP):
        raise UnverifiedWebhook("webhook-timestamp is no number of seconds")
    return event_id, at, signatures


def _signature(key: bytes, signed: bytes) -> bytes:
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256))


def _event(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise UnverifiedWebhook("the body is no event")
    return event

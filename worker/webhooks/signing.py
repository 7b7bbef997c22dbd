"""Signatures of webhooks after Standard Webhooks, and the secrets that make them."""

import base64
import binascii
import secrets as randomness
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

_PREFIX = "whsec_"
_NEW_BYTES = 32
#: Bytes of a secret. Source: Standard Webhooks, "Signature scheme".
_BYTES = range(24, 65)


def signature_headers(
    event_id: str, at: datetime, body: bytes, secrets: Sequence[str]
) -> dict[str, str]:
    """Return the three headers by which a receiver knows whose webhook it is.

    Args:
        event_id: The event's id, the same at every attempt; without '.'.
        at: When this attempt is made, with a zone.
        body: The bytes that are sent, UTF-8.
        secrets: One, or the new and the old one while they change; all sign.

    Raises:
        ValueError: The instant has no zone, the id holds a dot, or there is no secret.
    """
    if at.tzinfo is None:
        raise ValueError(f"the instant {at} has no zone: expected one in UTC")
    if "." in event_id:
        raise ValueError(f"the event id {event_id!r} holds a dot: it is what separates")
    if not secrets:
        raise ValueError("there is no secret to sign with: expected one or more")
    # The library replaces the zone instead of converting: give it UTC and no other.
    instant = at.astimezone(UTC)
    text = body.decode()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(instant.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(event_id, instant, text) for secret in secrets
        ),
    }


def new_secret() -> str:
    """Make a secret of 32 random bytes."""
    # Standard base64: strict receivers refuse the URL-safe one.
    return _PREFIX + base64.b64encode(randomness.token_bytes(_NEW_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Tell whether a text is `whsec_` and standard base64 of 24 to 64 bytes."""
    if not text.startswith(_PREFIX):
        return False
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (ValueError, binascii.Error):
        return False
    return len(secret) in _BYTES

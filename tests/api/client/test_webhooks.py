"""The laws of the check of a webhook; the reference library agrees both ways."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from api.client import UnverifiedWebhook, verify_webhook
from worker.webhooks.signing import new_secret, signature_headers

ID = "evt_1b9d6bcdbbfd4b2d9b5dab8dfbbd4bed"
EVENT = {"type": "prediction.succeeded", "data": {"zipcode": "98117", "é": 1}}
BODY = json.dumps(EVENT).encode()
#: The same in each run: they are in the names of tests.
SECRET, OTHER = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
)


def signed(
    *secrets: str, body: bytes = BODY, ago_s: float = 0, event_id: str = ID
) -> dict[str, str]:
    """Return the headers as the service makes them."""
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    return signature_headers(event_id, at, body, secrets or (SECRET,))


@pytest.mark.parametrize("body", [BODY, BODY.decode()])
@pytest.mark.parametrize("change", [str, str.title, str.upper])
def test_an_event_that_kerbside_signed_is_returned(body: Any, change: Any) -> None:
    """As bytes or text, whatever the case of its headers."""
    headers = {change(name): value for name, value in signed().items()}

    assert verify_webhook(SECRET, headers, body) == EVENT


def test_what_the_reference_library_signs_is_taken() -> None:
    """Signed by it, checked here."""
    now = datetime.now(UTC)
    headers = {
        "webhook-id": ID,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(ID, now, BODY.decode()),
    }

    assert verify_webhook(SECRET, headers, BODY) == EVENT


@pytest.mark.parametrize(
    ("secrets", "held", "is_taken"),
    [
        ((SECRET,), SECRET, True),
        ((OTHER, SECRET), SECRET, True),
        ((SECRET, OTHER), SECRET, True),
        ((OTHER,), SECRET, False),
    ],
)
@pytest.mark.parametrize("ago_s", [0, 290, 310, -290, -310])
@pytest.mark.parametrize("change", [{}, {"body": BODY + b" "}, {"event_id": "evt_2"}])
def test_the_reference_library_decides_alike(
    secrets: Sequence[str],
    held: str,
    is_taken: bool,  # noqa: FBT001 -- a parameter of the test
    ago_s: float,
    change: dict[str, Any],
) -> None:
    """Another secret, another time, another body, another id: refused by both."""
    headers = signed(*secrets, ago_s=ago_s, **change)
    headers["webhook-id"] = ID

    def mine() -> bool:
        try:
            return verify_webhook(held, headers, BODY) == EVENT
        except UnverifiedWebhook:
            return False

    def theirs() -> bool:
        try:
            return bool(Webhook(held).verify(BODY, headers) == EVENT)
        except WebhookVerificationError:
            return False

    expected = is_taken and abs(ago_s) < 300 and not change
    assert (mine(), theirs()) == (expected, expected)


def test_several_secrets_may_be_held() -> None:
    """While one takes the place of another."""
    assert verify_webhook([OTHER, SECRET], signed(), BODY) == EVENT
    with pytest.raises(UnverifiedWebhook, match="no signature fits"):
        verify_webhook([OTHER, new_secret()], signed(), BODY)
    with pytest.raises(UnverifiedWebhook, match="no signature fits"):
        verify_webhook([], signed(), BODY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"webhook-id": ""}, "webhook-id is missing"),
        ({"webhook-timestamp": "soon"}, "no number of seconds"),
        ({"webhook-timestamp": "9" * 400}, "no number of seconds"),
        ({"webhook-timestamp": "²"}, "no number of seconds"),
        ({"webhook-timestamp": "1"}, "more than 300 s off"),
        ({"webhook-signature": "v1"}, "no signature fits"),
        ({"webhook-signature": "v1,é"}, "no signature fits"),
        ({"webhook-signature": "v1a,AAAA v2,BBBB"}, "no signature fits"),
    ],
    ids=str,
)
def test_what_is_damaged_is_refused_with_its_reason(
    change: dict[str, str], words: str
) -> None:
    """And never with another error."""
    with pytest.raises(UnverifiedWebhook, match=words):
        verify_webhook(SECRET, {**signed(), **change}, BODY)


def test_a_signature_counts_under_its_version_only() -> None:
    """The right one called otherwise is none."""
    headers = signed()
    other = headers["webhook-signature"].replace("v1,", "v1a,")

    with pytest.raises(UnverifiedWebhook):
        verify_webhook(SECRET, {**headers, "webhook-signature": other}, BODY)


@pytest.mark.parametrize("body", [b"[]", b"no json", b""])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    """Although it is signed."""
    with pytest.raises(UnverifiedWebhook, match="no event"):
        verify_webhook(SECRET, signed(body=body), body)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_*", "whsec_a"])
def test_a_secret_that_is_none_is_the_callers_mistake(secret: str) -> None:
    """Not the sender's."""
    with pytest.raises(ValueError, match="whsec_ and standard base64"):
        verify_webhook(secret, signed(), BODY)


def test_the_clock_and_its_tolerance_can_be_given() -> None:
    """As for events that were stored."""
    headers = signed(ago_s=3600)
    at = float(headers["webhook-timestamp"])

    assert verify_webhook(SECRET, headers, BODY, now=lambda: at) == EVENT
    assert verify_webhook(SECRET, headers, BODY, tolerance_s=4000) == EVENT

"""Receivers verify our signatures with the reference library."""

import base64
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from worker.webhooks.signing import is_secret, new_secret, signature_headers

BODY = '{"type":"prediction.succeeded","data":{"currency":"€"}}'.encode()


def _whsec(size: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(size))).decode()


def test_the_reference_library_verifies() -> None:
    """With the very bytes that were signed, and with no others."""
    secret = new_secret()
    headers = signature_headers("msg_1", datetime.now(UTC), BODY, [secret])

    assert Webhook(secret).verify(BODY, headers)["type"] == "prediction.succeeded"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


def test_old_and_new_secret_sign_side_by_side() -> None:
    """A receiver that knows either one verifies."""
    old, new = new_secret(), new_secret()
    headers = signature_headers("msg_1", datetime.now(UTC), BODY, [new, old])

    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers)


def test_an_instant_of_another_zone_is_converted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library would take its wall clock for UTC, hours away."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        secret = new_secret()
        instant = datetime(2026, 11, 30, 12, 0, 0, 900_000, tzinfo=UTC)
        elsewhere = instant.astimezone(timezone(timedelta(hours=-8)))
        both = [
            signature_headers("msg_1", at, BODY, [secret])
            for at in (instant, elsewhere)
        ]
        now = signature_headers(
            "msg_1", datetime.now(timezone(timedelta(hours=9))), BODY, [secret]
        )
        Webhook(secret).verify(BODY, now)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert both[0] == both[1]
    assert both[0]["webhook-timestamp"] == "1796040000"


@pytest.mark.parametrize(
    ("event_id", "at", "secrets"),
    [
        ("msg_1", datetime(2026, 11, 30, 12), [_whsec(32)]),  # noqa: DTZ001 - the case
        ("msg.1", datetime(2026, 11, 30, tzinfo=UTC), [_whsec(32)]),
        ("msg_1", datetime(2026, 11, 30, tzinfo=UTC), []),
    ],
)
def test_what_no_receiver_could_verify_is_not_signed(
    event_id: str, at: datetime, secrets: list[str]
) -> None:
    """A bare instant, an id with the separator in it, no secret."""
    with pytest.raises(ValueError, match=r"zone|dot|secret"):
        signature_headers(event_id, at, BODY, secrets)


def test_new_secrets_are_32_bytes_of_standard_base64() -> None:
    """The alphabet that strict receivers expect; each secret is another."""
    made = {new_secret() for _ in range(200)}

    assert len(made) == 200
    assert all(map(is_secret, made))
    assert {len(base64.b64decode(text[6:], validate=True)) for text in made} == {32}
    assert "+" in "".join(made)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_whsec(24), True),
        (_whsec(64), True),
        (_whsec(23), False),
        (_whsec(65), False),
        (_whsec(32)[6:], False),
        (_whsec(32)[:-1], False),
        (_whsec(32) + "\n", False),
        ("whsec_" + base64.urlsafe_b64encode(b"\xff" * 32).decode(), False),
        ("whsec_" + "é" * 32, False),
        ("", False),
    ],
)
def test_a_secret_of_ones_own_is_24_to_64_bytes(text: str, expected: bool) -> None:  # noqa: FBT001
    """In standard base64 after its prefix, and in nothing else."""
    assert is_secret(text) is expected

"""Secrets are unreadable at rest, and keys can be changed."""

import pytest

from worker.webhook_settings import WebhookSettings
from worker.webhooks.sealing import (
    NoSecretKeys,
    SecretBox,
    WrongSecretKeys,
    new_key,
)


def test_what_is_sealed_can_be_opened_and_not_read() -> None:
    """Twice the same text is not twice the same bytes."""
    box = SecretBox([new_key()])

    sealed = box.seal("whsec_abc")

    assert box.open(sealed) == "whsec_abc"
    assert b"whsec" not in sealed
    assert sealed != box.seal("whsec_abc")


def test_the_first_key_seals_and_all_keys_open() -> None:
    """A key is changed by putting a new one before it."""
    old, new = new_key(), new_key()
    sealed = SecretBox([old]).seal("whsec_abc")
    both = SecretBox([new, old])

    assert both.open(sealed) == "whsec_abc"
    assert SecretBox([new]).open(both.seal("whsec_abc")) == "whsec_abc"


@pytest.mark.parametrize("damage", [b"", b"gAAAA", b"\xff\x00"])
def test_a_secret_that_no_key_opens_says_so(damage: bytes) -> None:
    """So does one that is damaged."""
    sealed = SecretBox([new_key()]).seal("whsec_abc")

    for text in (sealed, damage):
        with pytest.raises(WrongSecretKeys, match="KERBSIDE_SECRET_KEYS"):
            SecretBox([new_key()]).open(text)


def test_without_keys_there_are_no_secrets() -> None:
    """The message says what to set and what makes it."""
    with pytest.raises(NoSecretKeys, match=r"KERBSIDE_SECRET_KEYS.*new-key"):
        SecretBox(WebhookSettings().secret_keys)


def test_a_new_key_is_one_that_the_settings_take() -> None:
    """It goes from the command into the environment as it is."""
    settings = WebhookSettings.from_env({"KERBSIDE_SECRET_KEYS": new_key()})

    assert SecretBox(settings.secret_keys).seal("a")

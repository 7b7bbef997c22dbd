"""Secrets of webhooks encrypted at rest: the first key seals, all keys open."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SealingError(Exception):
    """A secret cannot be sealed or opened; the message says what to change."""

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))


class NoSecretKeys(SealingError):
    """No key encrypts the webhooks' secrets: set KERBSIDE_SECRET_KEYS to one.

    `kerbside webhooks new-key` makes one; every API and worker needs the same.
    """


class WrongSecretKeys(SealingError):
    """No key of KERBSIDE_SECRET_KEYS opens this secret: add the one that sealed it.

    Keys that are replaced stay in the list, after the new one.
    """


class SecretBox:
    """Seals texts for Redis and opens them again.

    Args:
        keys: Each 32 bytes in URL-safe base64, as `new_key` makes them.

    Raises:
        NoSecretKeys: There is none.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise NoSecretKeys
        self._box = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> bytes:
        """Encrypt a text with the first key."""
        return self._box.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Return a text that was sealed with any of the keys.

        Raises:
            WrongSecretKeys: None of them opens it, or it is damaged.
        """
        try:
            return self._box.decrypt(sealed).decode()
        except InvalidToken:
            raise WrongSecretKeys from None


def new_key() -> str:
    """Make a key for KERBSIDE_SECRET_KEYS."""
    return Fernet.generate_key().decode()

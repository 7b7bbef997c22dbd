"""Who made a model version: ed25519 keys, and whose signature counts.

A public key is written `ed25519:` and its 32 bytes in base64, in settings, manifests
and messages alike. A private key is a PEM file (PKCS 8, not encrypted), such as
`openssl genpkey -algorithm ed25519` makes too; it is never printed or logged.
"""

import base64
import binascii
import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from model_store.errors import NotTrusted, StoreError
from model_store.settings import PUBLIC_KEY, ModelSettings

_PREFIX = "ed25519:"
_PEM = b"-----BEGIN"
#: Ending of the file that holds the public half, beside that of the private one.
_PUBLIC = ".pub"


class SigningKey:
    """A private key.

    Attributes:
        public: Its public half.
    """

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes_raw()
        self.public: str = _PREFIX + base64.b64encode(raw).decode()

    @classmethod
    def generate(cls) -> Self:
        """Return a new key that exists in memory alone."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key.

        Raises:
            StoreError: There is no such file, or it is no ed25519 private key.
        """
        try:
            return cls._parse(path.read_bytes())
        except FileNotFoundError as error:
            raise StoreError(
                f"no signing key at {path}: make one with `kerbside model key "
                "--create`, or let KERBSIDE_SIGNING_KEY_FILE name the one you have"
            ) from error
        except OSError as error:
            raise StoreError(
                f"cannot read the signing key {path}: {error.strerror or error}"
            ) from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            # Without the library's words: what stands in that file is a secret.
            raise StoreError(
                f"{path} is no signing key: expected an ed25519 private key in PEM, "
                "not encrypted"
            ) from error

    @classmethod
    def create(cls, path: Path) -> Self:
        """Return the key in a file, made for its owner alone if it is not there yet.

        The public half is put beside it, for everybody. Of two that do so at once both
        get the key of the first.

        Raises:
            StoreError: The files cannot be written, or hold no key.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _place(path, _pem(Ed25519PrivateKey.generate()), mode=0o600)
            key = cls.load(path)
            public = path.with_suffix(_PUBLIC)
            if not public.exists():
                _place(public, f"{key.public}\n".encode(), mode=0o644)
        except OSError as error:
            raise StoreError(
                f"cannot write the signing key {path}: {error.strerror or error}; "
                "choose another place with KERBSIDE_SIGNING_KEY_FILE"
            ) from error
        return key

    def sign(self, content: bytes) -> str:
        """Return the signature of some bytes, in base64."""
        return base64.b64encode(self._private.sign(content)).decode()

    @classmethod
    def _parse(cls, pem: bytes) -> Self:
        private = load_pem_private_key(pem, password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise TypeError("a key of another kind")
        return cls(private)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count: nobody's, unless it is said.

    Attributes:
        keys: Public keys.
        file: Holds one more key, public or private; it may come into being later.
    """

    keys: tuple[str, ...] = ()
    file: Path | None = None

    @classmethod
    def from_settings(cls, settings: ModelSettings) -> Self:
        """Return the trust in the keys that are named, else in the signing key."""
        if settings.trusted_keys is not None:
            return cls(settings.trusted_keys)
        path = settings.own_signing_key()
        named = settings.signing_key_file is not None
        # Of a key that was named nobody promises a public half beside it.
        return cls(file=path if named else path.with_suffix(_PUBLIC))

    def public_keys(self) -> tuple[str, ...]:
        """Return every key that is trusted now.

        Raises:
            StoreError: The file is there and holds no key, or cannot be read.
        """
        # Read each time, which is once a version: the first training makes this file
        # while others already wait for its model.
        return (*self.keys, *_public_of(self.file))

    def verify(self, content: bytes, signature: str, signer: str) -> None:
        """Refuse what a trusted key has not signed.

        Args:
            content: What was signed.
            signature: As `SigningKey.sign` gave it.
            signer: The public key that is said to have signed.

        Raises:
            NotTrusted: The key is not trusted, or did not sign this.
            StoreError: The trusted key's file cannot be read.
        """
        trusted = self.public_keys()
        if signer not in trusted:
            raise NotTrusted(
                f"signed by {signer}; trusted: {', '.join(trusted) or 'no key'}. If "
                "you know that key, add it to KERBSIDE_TRUSTED_KEYS; else train a "
                "model of your own"
            )
        try:
            raw = base64.b64decode(signature, validate=True)
            _public(signer).verify(raw, content)
        except (InvalidSignature, binascii.Error, ValueError) as error:
            raise NotTrusted(
                f"its signature is not one of {signer} over what it says: changed "
                "since it was signed; publish the version again"
            ) from error


def own_key(settings: ModelSettings) -> SigningKey:
    """Return the key that this process signs with.

    One that was named must be there; that of the state folder is made when it is first
    needed.

    Raises:
        StoreError: It cannot be read or made.
    """
    if settings.signing_key_file:
        return SigningKey.load(settings.signing_key_file)
    return SigningKey.create(settings.own_signing_key())


def _place(path: Path, content: bytes, *, mode: int) -> None:
    """Put a whole file where there is none; leave one that is there."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(handle, mode)
            os.fsync(handle)
        # Unlike a rename, a link replaces no key that has signed something already.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(name)
    finally:
        Path(name).unlink()


def _pem(private: Ed25519PrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public(key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(
        base64.b64decode(key.removeprefix(_PREFIX))
    )


def _public_of(path: Path | None) -> tuple[str, ...]:
    """Return the key in a file, none if the file is not there."""
    if path is None:
        return ()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(
            f"cannot read the trusted key {path}: {error.strerror or error}"
        ) from error
    if content.startswith(_PEM):
        return (SigningKey.load(path).public,)
    key = content.decode(errors="replace").strip()
    if not PUBLIC_KEY.fullmatch(key):
        raise StoreError(f"{path} holds no trusted key: expected {_PREFIX} and base64")
    return (key,)

"""The manifest of a model version: which files it has, and who says so.

`MANIFEST.json` holds the name, the version and the sha256 of every other file, and an
ed25519 signature over all of that. A file that it does not list is never read.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pydantic import ConfigDict, TypeAdapter, ValidationError

from model_store.errors import ArtifactError, NotTrusted
from model_store.storage.signing import SigningKey, Trust

#: Files of a version.
CARD, MODEL, PARITY, MANIFEST = (
    "card.json",
    "model.skops",
    "parity.json",
    "MANIFEST.json",
)

#: Files that every version has beside its manifest.
REQUIRED = (CARD, MODEL, PARITY)

#: Last sale date and the digest's first digits.
VERSION = re.compile(r"[0-9]{8}-[0-9a-f]{8}")

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9]+)+")
#: A signature over this can be taken for one over nothing else.
_DOMAIN = b"kerbside model version 1\n"


@dataclass(frozen=True)
class Manifest:
    """What was signed.

    Attributes:
        name: Name of the model.
        version: Id of the version.
        files: sha256 of each file but the manifest, by name.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    version: str
    files: dict[str, str]

    def stand_for(self, version: str) -> None:
        """Refuse to speak for another version than the one that was signed.

        Raises:
            ArtifactError: It is another one.
        """
        if self.version != version:
            raise ArtifactError(
                f"{MANIFEST} says version {self.version}; expected that of its folder: "
                "put it where it belongs, or publish it again"
            )

    def check(self, files: Mapping[str, bytes]) -> None:
        """Refuse content that is not what was signed.

        Raises:
            ArtifactError: A file differs, or the manifest does not list it.
        """
        differ = [
            name
            for name, content in files.items()
            if self.files.get(name) != _sum(content)
        ]
        if differ:
            raise ArtifactError(
                f"{', '.join(differ)} not as {MANIFEST} says: damaged or changed; "
                "remove the version and publish it again"
            )


_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)


def seal(name: str, version: str, files: Mapping[str, bytes], key: SigningKey) -> bytes:
    """Return the signed manifest of a version's other files."""
    manifest = Manifest(
        name, version, {name: _sum(files[name]) for name in sorted(files)}
    )
    signature = {"key": key.public, "signature": key.sign(_signed(manifest))}
    record = asdict(manifest) | signature
    return (json.dumps(record, indent=2) + "\n").encode()


def read(content: bytes, trust: Trust) -> Manifest:
    """Return the manifest that a trusted key has signed.

    Raises:
        NotTrusted: It is not signed, or by nobody who is trusted.
        ArtifactError: It is no manifest.
        StoreError: It is not known whom to trust.
    """
    try:
        record = json.loads(content)
        signer, signature = record.pop("key", None), record.pop("signature", None)
        manifest = _MANIFEST.validate_python(record)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise ArtifactError(
            f"{MANIFEST} is no manifest: {_told(error)}; publish the version again"
        ) from error
    if not isinstance(signer, str) or not isinstance(signature, str):
        raise NotTrusted(
            f"{MANIFEST} is not signed: expected a key and its signature; make the "
            "version again with `kerbside model train --promote`"
        )
    try:
        trust.verify(_signed(manifest), signature, signer)
    except NotTrusted as error:
        raise NotTrusted(f"{MANIFEST} {error}") from error
    _check_names(manifest)
    return manifest


def signer(content: bytes, trust: Trust) -> str:
    """Return the public key that has signed a manifest.

    Raises:
        ArtifactError: As `read` does.
        StoreError: It is not known whom to trust.
    """
    read(content, trust)
    return str(json.loads(content)["key"])


def _check_names(manifest: Manifest) -> None:
    names = manifest.files
    strange = [name for name in names if not _FILE.fullmatch(name)]
    if strange or MANIFEST in names or not set(REQUIRED) <= names.keys():
        raise ArtifactError(
            f"{MANIFEST} lists {sorted(names)}; expected {', '.join(REQUIRED)} and "
            "no name that leads elsewhere; train the model again"
        )


def _signed(manifest: Manifest) -> bytes:
    """Return the bytes that are signed: the same however the file is laid out."""
    record = asdict(manifest)
    return _DOMAIN + json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _told(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"

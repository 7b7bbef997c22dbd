"""A manifest says what was signed, or is refused."""

import json

import pytest

from model_store.errors import ArtifactError, NotTrusted
from model_store.storage import manifest
from model_store.storage.manifest import CARD, MANIFEST, MODEL, PARITY
from model_store.storage.signing import SigningKey
from tests.small_model import KEY, TRUST

VERSION = "20200101-00000001"
FILES = {CARD: b"card", MODEL: b"model", PARITY: b"parity"}


def _sealed(**files: bytes) -> bytes:
    return manifest.seal("flats", VERSION, FILES | files, KEY)


def test_what_was_sealed_is_read() -> None:
    """Name, version and the sum of every file."""
    read = manifest.read(_sealed(), TRUST)

    assert (read.name, read.version) == ("flats", VERSION)
    assert read.files.keys() == FILES.keys()
    read.check(FILES)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"files": {}}',
        b"\xff",
        b"\x80\x04cos\nsystem\n.",
        pytest.param(b"[" * 200_000, id="deep"),
    ],
)
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    """What cannot be checked is not opened."""
    with pytest.raises(ArtifactError, match=MANIFEST):
        manifest.read(content, TRUST)


@pytest.mark.parametrize("field", ["name", "version", "files"])
def test_the_signature_covers_name_version_and_every_file(field: str) -> None:
    """None of them can be changed and still be trusted."""
    record = json.loads(_sealed())
    other = {"name": "houses", "version": "20200101-00000002", "files": {}}
    changed = json.dumps(record | {field: other[field]}).encode()

    with pytest.raises(NotTrusted, match="its signature is not one"):
        manifest.read(changed, TRUST)


@pytest.mark.parametrize("field", ["key", "signature"])
@pytest.mark.parametrize("value", [None, 1, "", "ed25519:", "AAAA"])
def test_a_manifest_without_a_true_signature_is_refused(
    field: str, value: object
) -> None:
    """Absent, of another kind, or made up."""
    record = json.loads(_sealed()) | {field: value}

    with pytest.raises(NotTrusted):
        manifest.read(json.dumps(record).encode(), TRUST)


def test_a_signature_over_other_words_does_not_count() -> None:
    """What a key signs elsewhere cannot be passed off as a manifest."""
    record = json.loads(_sealed())
    bare = {name: record[name] for name in ("name", "version", "files")}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":")).encode()

    with pytest.raises(NotTrusted):
        manifest.read(
            json.dumps(record | {"signature": KEY.sign(text)}).encode(), TRUST
        )


def test_a_manifest_of_a_stranger_is_refused() -> None:
    """A good signature by a key that nobody named."""
    content = manifest.seal("flats", VERSION, FILES, SigningKey.generate())

    with pytest.raises(NotTrusted, match="signed by ed25519:"):
        manifest.read(content, TRUST)


@pytest.mark.parametrize(
    "name", ["../card.json", "/etc/passwd", "a/b.json", "", ".", "x\0.json", MANIFEST]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    """Even if it was signed."""
    with pytest.raises(ArtifactError, match="leads elsewhere"):
        manifest.read(_sealed(**{name: b""}), TRUST)


def test_a_version_without_its_model_is_refused() -> None:
    """A manifest lists the three files that every version has."""
    content = manifest.seal("flats", VERSION, {CARD: b"", PARITY: b""}, KEY)

    with pytest.raises(ArtifactError, match=r"expected card\.json, model\.skops"):
        manifest.read(content, TRUST)


def test_a_file_that_is_not_listed_is_not_vouched_for() -> None:
    """Nothing can be slipped in beside the files that were signed."""
    read = manifest.read(_sealed(), TRUST)

    with pytest.raises(ArtifactError, match=r"extra\.json"):
        read.check({"extra.json": b""})

"""The store gives out nothing that is not as somebody trusted has signed it."""

import json
import shutil
from collections.abc import Callable

import pytest

from model_store.errors import (
    ArtifactError,
    NotTrusted,
    StoreError,
    UnknownModel,
)
from model_store.storage.manifest import CARD, MANIFEST, MODEL, PARITY
from model_store.storage.signing import SigningKey, Trust
from model_store.store import ModelStore
from tests.model_store.stores import SECOND, Made, again, root
from tests.small_model import changed


def test_a_half_written_version_is_not_listed(fresh: ModelStore, made: Made) -> None:
    """A folder without manifest does not count, and does not stand in the way."""
    version = fresh.publish(made)
    (root(fresh) / version / MANIFEST).unlink()
    assert fresh.versions() == []
    with pytest.raises(UnknownModel):
        fresh.files(version)

    fresh.publish(made)

    assert fresh.versions() == [version]


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY])
def test_a_flipped_bit_is_noticed(fresh: ModelStore, made: Made, name: str) -> None:
    """The message names the version and the file that differs."""
    version = fresh.publish(made)
    path = root(fresh) / version / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(ArtifactError, match=rf"{version}: {name} not as MANIFEST"):
        fresh.files(version)


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY])
def test_a_missing_file_is_noticed(fresh: ModelStore, made: Made, name: str) -> None:
    """A version without one of its files is refused, and the file named."""
    version = fresh.publish(made)
    (root(fresh) / version / name).unlink()

    with pytest.raises(ArtifactError, match=f"no {name}"):
        fresh.files(version)


def test_a_card_alone_is_checked_as_well(fresh: ModelStore, made: Made) -> None:
    """The API reads no model: it refuses a changed card all the same."""
    version = fresh.publish(made)
    path = root(fresh) / version / CARD
    path.write_bytes(path.read_bytes().replace(b'"USD"', b'"EUR"'))

    with pytest.raises(ArtifactError, match=rf"{CARD} not as {MANIFEST}"):
        again(fresh).card(version)


@pytest.mark.parametrize("read", [ModelStore.card, ModelStore.files])
def test_what_nobody_trusted_has_signed_is_refused(
    fresh: ModelStore, made: Made, read: Callable[[ModelStore, str], object]
) -> None:
    """Card and model alike: the message names the key and where to add it."""
    version = fresh.publish(made)
    stranger = again(fresh, Trust((SigningKey.generate().public,)))

    with pytest.raises(NotTrusted, match=r"signed by ed25519:.*KERBSIDE_TRUSTED_KEYS"):
        read(stranger, version)


def test_nobody_is_trusted_unless_it_is_said(fresh: ModelStore, made: Made) -> None:
    """A process without keys uses no version."""
    version = fresh.publish(made)

    with pytest.raises(NotTrusted, match="trusted: no key"):
        again(fresh, Trust()).card(version)


def test_an_unsigned_version_is_refused(fresh: ModelStore, made: Made) -> None:
    """Sums alone say nothing about who made them."""
    version = fresh.publish(made)
    path = root(fresh) / version / MANIFEST
    record = json.loads(path.read_bytes())
    del record["signature"]
    path.write_text(json.dumps(record))

    with pytest.raises(NotTrusted, match="is not signed"):
        again(fresh).card(version)


def test_a_version_in_the_folder_of_another_is_refused(
    fresh: ModelStore, made: Made
) -> None:
    """A true signature is no leave to stand for another version."""
    version = fresh.publish(made)
    shutil.copytree(root(fresh) / version, root(fresh) / SECOND)

    with pytest.raises(ArtifactError, match=f"says version {version}"):
        fresh.card(SECOND)


def test_a_card_of_another_version_than_was_signed_is_refused(
    fresh: ModelStore, made: Made
) -> None:
    """Card, manifest and folder name one version."""
    other = changed(made, version=SECOND)
    with pytest.raises(ArtifactError, match=r"card\.json not as MANIFEST"):
        fresh.publish(made | {CARD: other[CARD]})
    with pytest.raises(ArtifactError, match=r"card\.json not as MANIFEST"):
        fresh.publish(other | {CARD: made[CARD]})

    assert fresh.versions() == []


def test_a_store_that_went_away_says_nothing_of_its_versions(
    fresh: ModelStore, made: Made
) -> None:
    """An unmounted disk is an outage: no version is unknown, no champion missing."""
    version = fresh.publish(made)
    fresh.promote(version)
    assert fresh.aliases().champion == version
    folder = root(fresh)
    folder.rename(folder.with_name("unmounted"))
    folder.mkdir()

    with pytest.raises(StoreError, match="aliases"):
        fresh.aliases()
    with pytest.raises(StoreError, match="aliases"):
        fresh.files(version)

    folder.rmdir()
    folder.with_name("unmounted").rename(folder)
    assert fresh.files(version)


def test_a_file_that_cannot_be_read_now_is_not_called_damaged(
    fresh: ModelStore, made: Made
) -> None:
    """A fault of the disk may pass, so it is another error than a bad model."""
    version = fresh.publish(made)
    (root(fresh) / version / MODEL).unlink()
    (root(fresh) / version / MODEL).mkdir()

    with pytest.raises(StoreError, match=f"cannot read .*{MODEL}"):
        fresh.files(version)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../store", "made", "x" * 5000, "a\0b", "20200101-0000000G"]
)
def test_a_name_that_is_no_version_reaches_no_file(
    fresh: ModelStore, name: str
) -> None:
    """Names come from requests and from aliases: none leads out of the store."""
    for read in (fresh.resolve, fresh.card, fresh.files, fresh.promote):
        with pytest.raises(UnknownModel):
            read(name)

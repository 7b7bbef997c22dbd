"""The store shows whole and trusted versions only, and its aliases never tear."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from model_store import artifact
from model_store.aliases import Aliases
from model_store.errors import (
    AliasesChanged,
    ArtifactError,
    NotTrusted,
    StoreError,
    UnknownModel,
)
from model_store.manifest import CARD, MANIFEST, MODEL, PARITY
from model_store.settings import ModelSettings
from model_store.signing import SigningKey, Trust
from model_store.store import ModelStore
from tests.small_model import KEY, TRUST, changed

Made = dict[str, bytes]

SECOND, THIRD = "20200101-00000002", "20200101-00000003"


@pytest.fixture
def fresh(tmp_path: Path) -> ModelStore:
    """Return a store that does not exist yet."""
    return ModelStore(tmp_path / "deep" / "store", TRUST)


def _root(store: ModelStore) -> Path:
    return Path(store.url)


def _again(store: ModelStore, trust: Trust = TRUST) -> ModelStore:
    """Return the store as another process sees it, with nothing in memory."""
    return ModelStore(store.url, trust)


def _left_in(store: ModelStore) -> set[str]:
    return {path.name for path in _root(store).iterdir()} - {".lock"}


def test_an_empty_store_has_no_versions_and_no_aliases(fresh: ModelStore) -> None:
    """Looking creates nothing."""
    assert fresh.versions() == []
    assert fresh.aliases() == Aliases()
    assert not _root(fresh).exists()
    with pytest.raises(UnknownModel, match="train or promote a model"):
        fresh.resolve("champion")


def test_a_published_version_is_listed_with_its_card(
    fresh: ModelStore, made: Made
) -> None:
    """What was published is there under the id of its card, byte for byte."""
    version = fresh.publish(made)

    assert fresh.versions() == [version]
    assert fresh.card(version).version == version
    assert fresh.card(version) is fresh.card(version)
    assert fresh.resolve(version) == version
    assert fresh.files(version) | {MANIFEST: made[MANIFEST]} == made


def test_publishing_again_changes_nothing(fresh: ModelStore, made: Made) -> None:
    """A sound version never changes: a second copy of it is not even written."""
    version = fresh.publish(made)
    model = _root(fresh) / version / MODEL
    before = model.stat()

    assert fresh.publish(made) == version
    assert model.stat() == before


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY, MANIFEST])
def test_publishing_again_mends_what_is_damaged(
    fresh: ModelStore, made: Made, name: str
) -> None:
    """Training the same again, or a copy kept elsewhere, brings a version back."""
    version = fresh.publish(made)
    (_root(fresh) / version / name).write_bytes(b"")

    fresh.publish(made)

    assert _again(fresh).files(version)[CARD] == made[CARD]


def test_a_half_written_version_is_not_listed(fresh: ModelStore, made: Made) -> None:
    """A folder without manifest does not count, and does not stand in the way."""
    version = fresh.publish(made)
    (_root(fresh) / version / MANIFEST).unlink()
    assert fresh.versions() == []
    with pytest.raises(UnknownModel):
        fresh.files(version)

    fresh.publish(made)

    assert fresh.versions() == [version]


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY])
def test_a_flipped_bit_is_noticed(fresh: ModelStore, made: Made, name: str) -> None:
    """The message names the version and the file that differs."""
    version = fresh.publish(made)
    path = _root(fresh) / version / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(ArtifactError, match=rf"{version}: {name} not as MANIFEST"):
        fresh.files(version)


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY])
def test_a_missing_file_is_noticed(fresh: ModelStore, made: Made, name: str) -> None:
    """A version without one of its files is refused, and the file named."""
    version = fresh.publish(made)
    (_root(fresh) / version / name).unlink()

    with pytest.raises(ArtifactError, match=f"no {name}"):
        fresh.files(version)


def test_a_card_alone_is_checked_as_well(fresh: ModelStore, made: Made) -> None:
    """The API reads no model: it refuses a changed card all the same."""
    version = fresh.publish(made)
    path = _root(fresh) / version / CARD
    path.write_bytes(path.read_bytes().replace(b'"USD"', b'"EUR"'))

    with pytest.raises(ArtifactError, match=rf"{CARD} not as {MANIFEST}"):
        _again(fresh).card(version)


@pytest.mark.parametrize("read", [ModelStore.card, ModelStore.files])
def test_what_nobody_trusted_has_signed_is_refused(
    fresh: ModelStore, made: Made, read: Callable[[ModelStore, str], object]
) -> None:
    """Card and model alike: the message names the key and where to add it."""
    version = fresh.publish(made)
    stranger = _again(fresh, Trust((SigningKey.generate().public,)))

    with pytest.raises(NotTrusted, match=r"signed by ed25519:.*KERBSIDE_TRUSTED_KEYS"):
        read(stranger, version)


def test_nobody_is_trusted_unless_it_is_said(fresh: ModelStore, made: Made) -> None:
    """A process without keys uses no version."""
    version = fresh.publish(made)

    with pytest.raises(NotTrusted, match="trusted: no key"):
        _again(fresh, Trust()).card(version)


def test_an_unsigned_version_is_refused(fresh: ModelStore, made: Made) -> None:
    """Sums alone say nothing about who made them."""
    version = fresh.publish(made)
    path = _root(fresh) / version / MANIFEST
    record = json.loads(path.read_bytes())
    del record["signature"]
    path.write_text(json.dumps(record))

    with pytest.raises(NotTrusted, match="is not signed"):
        _again(fresh).card(version)


def test_a_version_in_the_folder_of_another_is_refused(
    fresh: ModelStore, made: Made
) -> None:
    """A true signature is no leave to stand for another version."""
    version = fresh.publish(made)
    shutil.copytree(_root(fresh) / version, _root(fresh) / SECOND)

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
    root = _root(fresh)
    root.rename(root.with_name("unmounted"))
    root.mkdir()

    with pytest.raises(StoreError, match="aliases"):
        fresh.aliases()
    with pytest.raises(StoreError, match="aliases"):
        fresh.files(version)

    root.rmdir()
    root.with_name("unmounted").rename(root)
    assert fresh.files(version)


def test_a_file_that_cannot_be_read_now_is_not_called_damaged(
    fresh: ModelStore, made: Made
) -> None:
    """A fault of the disk may pass, so it is another error than a bad model."""
    version = fresh.publish(made)
    (_root(fresh) / version / MODEL).unlink()
    (_root(fresh) / version / MODEL).mkdir()

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


@pytest.mark.parametrize("name", [CARD, MODEL, MANIFEST])
def test_an_incomplete_version_is_not_published(
    fresh: ModelStore, made: Made, name: str
) -> None:
    """The message names the file that is not there."""
    part = {other: content for other, content in made.items() if other != name}

    with pytest.raises(ArtifactError, match=name):
        fresh.publish(part)

    assert fresh.versions() == []


def test_a_version_that_nobody_would_load_is_not_published(
    fresh: ModelStore, made: Made
) -> None:
    """Who publishes learns that its key is missing, not who loads."""
    with pytest.raises(NotTrusted):
        fresh.publish(changed(made, key=SigningKey.generate()))

    assert fresh.versions() == []


def test_a_card_with_a_strange_version_is_not_published(
    fresh: ModelStore, made: Made
) -> None:
    """No card writes outside of the store."""
    with pytest.raises(ArtifactError, match="expected the last sale date"):
        fresh.publish(changed(made, version="../../etc"))


def test_a_full_disk_leaves_nothing_behind(fresh: ModelStore, made: Made) -> None:
    """Writing that fails half way is told, cleaned up, and can be repeated."""
    other = ModelStore(_root(fresh).with_name("source"), TRUST)
    version = other.publish(made)
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from model_store.errors import StoreError\n"
        "from model_store.signing import Trust\n"
        "from model_store.store import ModelStore\n"
        "root, source, key = sys.argv[1:]\n"
        "files = {path.name: path.read_bytes() for path in Path(source).iterdir()}\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, resource.RLIM_INFINITY))\n"
        "try: ModelStore(root, Trust((key,))).publish(files)\n"
        "except StoreError as error: print(error)\n"
    )
    assert len(made[MODEL]) > 9_000
    source = _root(other) / version

    told = subprocess.run(
        [sys.executable, "-c", code, fresh.url, str(source), KEY.public],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert f"cannot write the model store {fresh}: File too large" in told
    assert _left_in(fresh) == set()
    assert fresh.versions() == []
    assert fresh.publish(made) in fresh.versions()


@pytest.mark.parametrize("write", ["prepare", "publish"])
def test_an_unwritable_store_is_told(tmp_path: Path, made: Made, write: str) -> None:
    """The message says where, why, and what to do."""
    (tmp_path / "file").write_text("")
    store = ModelStore(tmp_path / "file" / "store", TRUST)

    with pytest.raises(StoreError, match=r"KERBSIDE_STORE_URL"):
        store.prepare() if write == "prepare" else store.publish(made)


@pytest.mark.parametrize("write", ["prepare", "publish"])
def test_what_a_killed_publisher_left_goes_with_the_next(
    fresh: ModelStore, made: Made, write: str
) -> None:
    """A store that is written to stays clean."""
    incoming = _root(fresh) / f".incoming-{SECOND}"
    incoming.mkdir(parents=True)

    if write == "prepare":
        fresh.prepare()
    else:
        fresh.publish(made)

    assert _left_in(fresh) == set(fresh.versions())


def test_two_publishers_at_once_leave_one_whole_version(
    fresh: ModelStore, made: Made
) -> None:
    """Of one version made twice, whichever stays is whole, and both succeed."""
    twice = [made, changed(made, trained_at="2026-02-02T00:00:00Z")]

    with ThreadPoolExecutor(4) as pool:
        published = set(
            pool.map(lambda turn: _again(fresh).publish(twice[turn % 2]), range(8))
        )

    (version,) = published
    assert _again(fresh).files(version)[CARD] in [files[CARD] for files in twice]
    assert _left_in(fresh) == published


def test_another_user_can_read_what_was_published(
    fresh: ModelStore, made: Made
) -> None:
    """Training and serving may be two users of one machine."""
    folder = _root(fresh) / fresh.publish(made)

    assert folder.stat().st_mode & 0o055 == 0o055 & ~_umask()
    assert (folder / MODEL).stat().st_mode & 0o044 == 0o044 & ~_umask()


def test_each_promotion_is_a_generation_and_keeps_the_previous(
    fresh: ModelStore, made: Made
) -> None:
    """Champion and previous move together, the generation grows by one."""
    first = fresh.publish(made)
    second = fresh.publish(changed(made, version=SECOND))

    assert fresh.promote(first) == Aliases(1, champion=first)
    assert fresh.promote(second) == Aliases(2, champion=second, previous=first)
    assert fresh.promote(second) == Aliases(2, champion=second, previous=first)
    assert _again(fresh).aliases().generation == 2
    assert fresh.resolve("champion") == second
    assert fresh.resolve("previous") == first
    with pytest.raises(UnknownModel, match="no challenger"):
        fresh.resolve("challenger")


def test_a_rollback_brings_the_previous_champion_back(
    fresh: ModelStore, made: Made
) -> None:
    """And a second one undoes the first."""
    first = fresh.publish(made)
    second = fresh.publish(changed(made, version=SECOND))
    fresh.promote(first)
    with pytest.raises(UnknownModel, match="no previous champion"):
        fresh.rollback()
    fresh.promote(second)

    assert fresh.rollback() == Aliases(3, champion=first, previous=second)
    assert fresh.rollback() == Aliases(4, champion=second, previous=first)


def test_a_change_from_another_generation_is_refused(
    fresh: ModelStore, made: Made
) -> None:
    """Who decided on what is no longer so decides again."""
    versions = [fresh.publish(made), fresh.publish(changed(made, version=SECOND))]
    fresh.promote(versions[0], if_generation=0)
    fresh.promote(versions[1], if_generation=1)
    before = fresh.aliases()

    with pytest.raises(AliasesChanged, match="at generation 2, expected 1"):
        fresh.promote(versions[0], if_generation=1)
    with pytest.raises(AliasesChanged, match="at generation 2, expected 1"):
        fresh.rollback(if_generation=1)

    assert fresh.aliases() == before


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY, MANIFEST])
def test_a_damaged_version_gets_no_alias(
    fresh: ModelStore, made: Made, name: str
) -> None:
    """Neither by promotion nor by rollback."""
    first = fresh.publish(made)
    second = fresh.publish(changed(made, version=SECOND))
    fresh.promote(first)
    fresh.promote(second)
    before = fresh.aliases()
    (_root(fresh) / first / name).write_bytes(b"{}")

    with pytest.raises(ArtifactError, match=first):
        fresh.promote(first, post="challenger")
    with pytest.raises(ArtifactError, match=first):
        fresh.rollback()

    assert fresh.aliases() == before


def test_an_unknown_version_is_not_promoted(fresh: ModelStore) -> None:
    """An alias never points at nothing."""
    with pytest.raises(UnknownModel, match="versions: none"):
        fresh.promote(SECOND)


def test_promotions_at_once_are_all_counted(fresh: ModelStore, made: Made) -> None:
    """Writers wait for each other, readers never see half a file."""
    versions = [fresh.publish(made), fresh.publish(changed(made, version=SECOND))]
    fresh.promote(versions[0])

    def flip(turn: int) -> int:
        return _again(fresh).promote(versions[turn % 2]).generation

    with ThreadPoolExecutor(4) as pool:
        generations = list(pool.map(flip, range(40)))

    assert fresh.aliases().generation == max(generations)
    assert fresh.aliases().champion != fresh.aliases().previous


def test_damaged_aliases_are_told(fresh: ModelStore, made: Made) -> None:
    """A file that cannot be understood is an error, not an empty store."""
    fresh.promote(fresh.publish(made))
    (_root(fresh) / "aliases.json").write_text("{")

    with pytest.raises(StoreError, match=r"aliases\.json"):
        fresh.resolve("champion")


def test_a_store_may_be_given_as_a_url(tmp_path: Path, made: Made) -> None:
    """A file URL means its folder."""
    version = ModelStore(f"file://{tmp_path}/with%20space", TRUST).publish(made)

    assert ModelStore(tmp_path / "with space", TRUST).versions() == [version]


@pytest.mark.parametrize("url", ["gs://bucket/models", "nonsense://bucket/models"])
def test_a_kind_of_url_without_a_client_is_told_at_once(url: str) -> None:
    """With the kinds there are and the extras that bring their clients."""
    with pytest.raises(StoreError, match=r"kerbside\[s3\]"):
        ModelStore(url, TRUST)


def test_without_settings_the_first_key_of_the_state_folder_is_trusted(
    tmp_path: Path, made: Made
) -> None:
    """A process that waits for the first model trusts it without a restart."""
    settings = ModelSettings(state_dir=tmp_path)
    store = ModelStore.from_settings(settings)
    assert store.trust.public_keys() == ()

    key = SigningKey.create(settings.own_signing_key())

    assert store.publish(changed(made, key=key)) in store.versions()
    assert artifact.load(store.files(store.versions()[0])).card.name == "king-county"


@pytest.mark.parametrize(
    "module", ["aliases", "card", "errors", "schema", "settings", "signing", "store"]
)
def test_contract_modules_load_no_model_stack(module: str) -> None:
    """The API process imports these and must stay small."""
    code = f"import sys, model_store.{module}; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()

    heavy = {"fsspec", "numpy", "pandas", "rich", "s3fs", "sklearn", "skops"}
    assert heavy & set(loaded) == set()


def test_a_store_in_a_folder_loads_no_client_of_others(tmp_path: Path) -> None:
    """The API looks at its aliases each second, and pays for nothing else."""
    code = (
        "import sys\n"
        "from model_store.settings import ModelSettings\n"
        "from model_store.store import ModelStore\n"
        "ModelStore.from_settings(ModelSettings(store_url=sys.argv[1])).aliases()\n"
        "print(*sys.modules)\n"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()

    assert {"aiohttp", "fsspec", "s3fs"} & set(loaded) == set()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

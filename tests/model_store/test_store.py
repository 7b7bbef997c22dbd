"""The store shows whole versions only, however they came there."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from model_store import artifact
from model_store.aliases import Aliases
from model_store.errors import (
    ArtifactError,
    NotTrusted,
    StoreError,
    UnknownModel,
)
from model_store.settings import ModelSettings
from model_store.storage.manifest import CARD, MANIFEST, MODEL, PARITY
from model_store.storage.signing import SigningKey
from model_store.store import ModelStore
from tests.model_store.stores import SECOND, Made, again, left_in, root
from tests.small_model import KEY, TRUST, changed


def test_an_empty_store_has_no_versions_and_no_aliases(fresh: ModelStore) -> None:
    """Looking creates nothing."""
    assert fresh.versions() == []
    assert fresh.aliases() == Aliases()
    assert not root(fresh).exists()
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
    model = root(fresh) / version / MODEL
    before = model.stat()

    assert fresh.publish(made) == version
    assert model.stat() == before


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY, MANIFEST])
def test_publishing_again_mends_what_is_damaged(
    fresh: ModelStore, made: Made, name: str
) -> None:
    """Training the same again, or a copy kept elsewhere, brings a version back."""
    version = fresh.publish(made)
    (root(fresh) / version / name).write_bytes(b"")

    fresh.publish(made)

    assert again(fresh).files(version)[CARD] == made[CARD]


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
    other = ModelStore(root(fresh).with_name("source"), TRUST)
    version = other.publish(made)
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from model_store.errors import StoreError\n"
        "from model_store.storage.signing import Trust\n"
        "from model_store.store import ModelStore\n"
        "root, source, key = sys.argv[1:]\n"
        "files = {path.name: path.read_bytes() for path in Path(source).iterdir()}\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, resource.RLIM_INFINITY))\n"
        "try: ModelStore(root, Trust((key,))).publish(files)\n"
        "except StoreError as error: print(error)\n"
    )
    assert len(made[MODEL]) > 9_000
    source = root(other) / version

    told = subprocess.run(
        [sys.executable, "-c", code, fresh.url, str(source), KEY.public],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert f"cannot write the model store {fresh}: File too large" in told
    assert left_in(fresh) == set()
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
    incoming = root(fresh) / f".incoming-{SECOND}"
    incoming.mkdir(parents=True)

    if write == "prepare":
        fresh.prepare()
    else:
        fresh.publish(made)

    assert left_in(fresh) == set(fresh.versions())


def test_two_publishers_at_once_leave_one_whole_version(
    fresh: ModelStore, made: Made
) -> None:
    """Of one version made twice, whichever stays is whole, and both succeed."""
    twice = [made, changed(made, trained_at="2026-02-02T00:00:00Z")]

    with ThreadPoolExecutor(4) as pool:
        published = set(
            pool.map(lambda turn: again(fresh).publish(twice[turn % 2]), range(8))
        )

    (version,) = published
    assert again(fresh).files(version)[CARD] in [files[CARD] for files in twice]
    assert left_in(fresh) == published


def test_another_user_can_read_what_was_published(
    fresh: ModelStore, made: Made
) -> None:
    """Training and serving may be two users of one machine."""
    folder = root(fresh) / fresh.publish(made)

    assert folder.stat().st_mode & 0o055 == 0o055 & ~_umask()
    assert (folder / MODEL).stat().st_mode & 0o044 == 0o044 & ~_umask()


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
    "module",
    ["aliases", "card", "errors", "schema", "settings", "storage.signing", "store"],
)
def test_contract_modules_load_no_model_stack(module: str) -> None:
    """The API process imports these and must stay small."""
    code = f"import sys, model_store.{module}; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()

    # Rich is there all the same: structlog loads it wherever it is installed.
    heavy = {"fsspec", "numpy", "pandas", "s3fs", "sklearn", "skops"}
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

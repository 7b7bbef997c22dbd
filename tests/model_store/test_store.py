"""The store shows whole versions only, and its aliases never tear."""

import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from model_store.errors import ArtifactError, StoreError, UnknownModel
from model_store.store import ALIAS_NAMES, CARD, MANIFEST, MODEL, Aliases, ModelStore

SECOND = "20200101-00000002"


@pytest.fixture
def made(store: ModelStore, tmp_path: Path) -> Path:
    """Return a version folder outside of any store."""
    version = store.resolve("champion")
    return Path(shutil.copytree(store.folder(version), tmp_path / "made"))


@pytest.fixture
def fresh(tmp_path: Path) -> ModelStore:
    """Return a store that does not exist yet."""
    return ModelStore(tmp_path / "deep" / "store")


def _as_version(made: Path, version: str) -> Path:
    card = json.loads((made / CARD).read_text())
    (made / CARD).write_text(json.dumps(card | {"version": version}))
    return made


def test_an_empty_store_has_no_versions_and_no_aliases(fresh: ModelStore) -> None:
    """Looking creates nothing."""
    assert fresh.versions() == []
    assert fresh.aliases() == Aliases()
    assert not fresh.root.exists()
    with pytest.raises(UnknownModel, match="train or promote a model"):
        fresh.resolve("champion")


def test_a_published_version_is_listed_with_its_card(
    fresh: ModelStore, made: Path
) -> None:
    """What was published is there under the id of its card."""
    version = fresh.publish(made)

    assert fresh.versions() == [version]
    assert fresh.card(version).version == version
    assert fresh.card(version) is fresh.card(version)
    assert fresh.resolve(version) == version
    for path in made.iterdir():
        assert (fresh.folder(version) / path.name).read_bytes() == path.read_bytes()


def test_publishing_again_changes_nothing(fresh: ModelStore, made: Path) -> None:
    """A version never changes: a second copy of it is not even looked at."""
    version = fresh.publish(made)
    before = (fresh.folder(version) / MODEL).stat()
    (made / MODEL).write_bytes(b"other")

    assert fresh.publish(made) == version
    assert (fresh.folder(version) / MODEL).stat() == before


def test_a_half_written_version_is_not_listed(fresh: ModelStore, made: Path) -> None:
    """A folder without manifest does not count, and does not stand in the way."""
    version = fresh.publish(made)
    (fresh.folder(version) / MANIFEST).unlink()
    assert fresh.versions() == []
    with pytest.raises(UnknownModel):
        fresh.folder(version)

    fresh.publish(made)

    assert fresh.versions() == [version]


def test_a_store_that_went_away_says_nothing_of_its_versions(
    fresh: ModelStore, made: Path
) -> None:
    """An unmounted disk is an outage: no version is unknown, no champion missing."""
    version = fresh.publish(made)
    fresh.promote(version)
    assert fresh.aliases().champion == version
    fresh.root.rename(fresh.root.with_name("unmounted"))
    fresh.root.mkdir()

    with pytest.raises(StoreError, match="aliases"):
        fresh.aliases()
    with pytest.raises(StoreError, match="aliases"):
        fresh.folder(version)

    fresh.root.rmdir()
    fresh.root.with_name("unmounted").rename(fresh.root)
    assert fresh.folder(version).is_dir()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../store", "made", "x" * 5000, "a\0b", "20200101-0000000G"]
)
def test_a_name_that_is_no_version_reaches_no_file(
    fresh: ModelStore, name: str
) -> None:
    """Names come from requests: none leads out of the store."""
    with pytest.raises(UnknownModel):
        fresh.resolve(name)
    with pytest.raises(UnknownModel):
        fresh.card(name)


@pytest.mark.parametrize("name", [CARD, MODEL, MANIFEST])
def test_an_incomplete_folder_is_not_published(
    fresh: ModelStore, made: Path, name: str
) -> None:
    """The message names the file that is not there."""
    (made / name).unlink()

    with pytest.raises(ArtifactError, match=name):
        fresh.publish(made)

    assert fresh.versions() == []


def test_a_card_with_a_strange_version_is_not_published(
    fresh: ModelStore, made: Path
) -> None:
    """No card writes outside of the store."""
    with pytest.raises(ArtifactError, match="expected the last sale date"):
        fresh.publish(_as_version(made, "../../etc"))


def test_a_full_disk_leaves_nothing_behind(fresh: ModelStore, made: Path) -> None:
    """Writing that fails half way is told, cleaned up, and can be repeated."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from model_store.errors import StoreError\n"
        "from model_store.store import ModelStore\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, resource.RLIM_INFINITY))\n"
        "try: ModelStore(sys.argv[1]).publish(Path(sys.argv[2]))\n"
        "except StoreError as error: print(error)\n"
    )
    assert (made / MODEL).stat().st_size > 9_000

    told = subprocess.run(
        [sys.executable, "-c", code, str(fresh.root), str(made)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert f"cannot write the model store {fresh.root}: File too large" in told
    assert [p.name for p in fresh.root.iterdir() if p.name != ".lock"] == []
    assert fresh.versions() == []
    assert fresh.publish(made) in fresh.versions()


def test_an_unwritable_store_is_told(tmp_path: Path, made: Path) -> None:
    """The message says where, why, and what to do."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"Not a directory.*KERBSIDE_STORE_URL"):
        ModelStore(tmp_path / "file" / "store").publish(made)


def test_a_workshop_is_lent_and_taken_back(fresh: ModelStore) -> None:
    """What was made there and not published is gone, also after a failure."""
    interrupted = contextlib.suppress(KeyboardInterrupt)

    with interrupted, fresh.workshop() as folder:
        (folder / MODEL).write_bytes(b"half")
        assert fresh.versions() == []
        raise KeyboardInterrupt

    assert [path.name for path in fresh.root.iterdir()] == [".lock"]


def test_what_a_killed_training_left_goes_with_the_next(fresh: ModelStore) -> None:
    """And nothing of one that still runs beside it."""
    code = f"""
import os, signal
from pathlib import Path
from model_store.store import ModelStore
with ModelStore(Path({str(fresh.root)!r})).workshop() as folder:
    (folder / "{MODEL}").write_bytes(b"half")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", code]
    killed = subprocess.run(command, check=False, capture_output=True, text=True)
    left = Path(killed.stdout.strip())
    assert (left / MODEL).exists()
    incoming = fresh.root / f".incoming-{SECOND}"
    incoming.mkdir()

    with fresh.workshop() as first, fresh.workshop() as second:
        assert first.exists()
        assert second.exists()
        assert not left.exists()
        assert not incoming.exists()

    assert [path.name for path in fresh.root.iterdir()] == [".lock"]


def test_publishing_clears_away_what_a_killed_one_left(
    fresh: ModelStore, made: Path
) -> None:
    """A store that only ever receives versions stays clean too."""
    incoming = fresh.root / f".incoming-{SECOND}"
    incoming.mkdir(parents=True)

    version = fresh.publish(made)

    assert {path.name for path in fresh.root.iterdir()} == {".lock", version}


def test_another_user_can_read_what_a_private_folder_held(
    fresh: ModelStore, made: Path
) -> None:
    """Modes of the folder that training wrote to do not reach the store."""
    made.chmod(0o700)
    (made / MODEL).chmod(0o600)

    folder = fresh.folder(fresh.publish(made))

    assert folder.stat().st_mode & 0o055 == 0o055 & ~_umask()
    assert (folder / MODEL).stat().st_mode & 0o044 == 0o044 & ~_umask()


def test_each_promotion_is_a_generation_and_keeps_the_previous(
    fresh: ModelStore, made: Path
) -> None:
    """Champion and previous move together, the generation grows by one."""
    first = fresh.publish(made)
    second = fresh.publish(_as_version(made, SECOND))

    assert fresh.promote(first) == Aliases(1, champion=first)
    assert fresh.promote(second) == Aliases(2, champion=second, previous=first)
    assert fresh.promote(second) == Aliases(2, champion=second, previous=first)
    assert ModelStore(fresh.root).aliases().generation == 2
    assert fresh.resolve("champion") == second
    assert fresh.resolve("previous") == first
    with pytest.raises(UnknownModel, match="no challenger"):
        fresh.resolve("challenger")


def test_a_version_may_carry_several_aliases() -> None:
    """Each name that a store resolves is one that a version can be told to carry."""
    aliases = Aliases(3, champion="a", challenger="b", previous="a")
    assert aliases.of("a") == ["champion", "previous"]
    assert aliases.of("b") == ["challenger"]
    assert aliases.of("c") == []
    fields = [field.name for field in dataclasses.fields(Aliases)]
    assert fields == ["generation", *ALIAS_NAMES]


def test_an_unknown_version_is_not_promoted(fresh: ModelStore) -> None:
    """An alias never points at nothing."""
    with pytest.raises(UnknownModel, match="versions: none"):
        fresh.promote(SECOND)


def test_promotions_at_once_are_all_counted(fresh: ModelStore, made: Path) -> None:
    """Writers wait for each other, readers never see half a file."""
    versions = [fresh.publish(made), fresh.publish(_as_version(made, SECOND))]
    fresh.promote(versions[0])

    def flip(turn: int) -> int:
        return ModelStore(fresh.root).promote(versions[turn % 2]).generation

    with ThreadPoolExecutor(4) as pool:
        generations = list(pool.map(flip, range(40)))

    assert fresh.aliases().generation == max(generations)
    assert fresh.aliases().champion != fresh.aliases().previous


def test_damaged_aliases_are_told(fresh: ModelStore, made: Path) -> None:
    """A file that cannot be understood is an error, not an empty store."""
    fresh.promote(fresh.publish(made))
    (fresh.root / "aliases.json").write_text("{")

    with pytest.raises(StoreError, match=r"aliases\.json"):
        fresh.resolve("champion")


def test_a_damaged_card_is_told(fresh: ModelStore, made: Path) -> None:
    """The message names the file."""
    version = fresh.publish(made)
    (fresh.folder(version) / CARD).write_text("{}")

    with pytest.raises(ArtifactError, match=rf"{version}/card\.json"):
        ModelStore(fresh.root).card(version)


def test_a_store_may_be_given_as_a_url(tmp_path: Path) -> None:
    """A file URL means its folder; what is not supported is told at once."""
    assert ModelStore(f"file://{tmp_path}/with%20space").root == tmp_path / "with space"
    assert ModelStore("var/models").root == Path("var/models")
    with pytest.raises(StoreError, match="got scheme 's3'"):
        ModelStore("s3://bucket/models")


@pytest.mark.parametrize("module", ["schema", "card", "store", "settings", "errors"])
def test_contract_modules_load_no_model_stack(module: str) -> None:
    """The API process imports these and must stay small."""
    code = f"import sys, model_store.{module}; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()

    assert {"numpy", "pandas", "sklearn", "skops", "rich"} & set(loaded) == set()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

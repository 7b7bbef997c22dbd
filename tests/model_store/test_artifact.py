"""A model version is read whole and unharmed, or not at all."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from model_store import artifact, model_file, pipelines
from model_store.artifact import Loaded
from model_store.errors import ArtifactError, StoreError
from model_store.store import CARD, MANIFEST, MODEL, PARITY, ModelStore


@pytest.fixture
def folder(store: ModelStore, tmp_path: Path) -> Path:
    """Return a copy of the small champion's folder, to be spoilt."""
    version = store.resolve("champion")
    return Path(shutil.copytree(store.folder(version), tmp_path / version))


def test_what_was_saved_is_what_is_loaded(
    loaded: Loaded, small_artifact: artifact.Artifact
) -> None:
    """Card and pipelines come back as they were."""
    frame = pipelines.frame(small_artifact.schema, small_artifact.parity_houses)

    again = pipelines.predict(loaded.pipelines, frame)

    assert np.array_equal(again, pipelines.predict(small_artifact.pipelines, frame))
    assert loaded.card.schema == small_artifact.schema
    assert loaded.card.interval == small_artifact.interval
    assert tuple(loaded.parity_houses) == small_artifact.parity_houses


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY])
def test_a_flipped_bit_is_noticed(folder: Path, name: str) -> None:
    """The message names the file that differs."""
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)

    with pytest.raises(ArtifactError, match=name):
        artifact.load(folder)


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY, MANIFEST])
def test_a_missing_file_is_noticed(folder: Path, name: str) -> None:
    """A version without one of its files is no version."""
    (folder / name).unlink()

    with pytest.raises(ArtifactError, match=name):
        artifact.load(folder)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"files": {}}'])
def test_a_manifest_that_is_none_is_refused(folder: Path, manifest: str) -> None:
    """What cannot be checked is not opened."""
    (folder / MANIFEST).write_text(manifest)

    with pytest.raises(ArtifactError, match="not a complete version"):
        artifact.load(folder)


def test_a_file_that_cannot_be_read_now_is_not_called_damaged(folder: Path) -> None:
    """A fault of the disk may pass, so it is another error than a bad model."""
    (folder / MODEL).unlink()
    (folder / MODEL).mkdir()

    with pytest.raises(StoreError, match="cannot read the model version"):
        artifact.load(folder)


def test_a_folder_that_cannot_be_written_is_told(
    small_artifact: artifact.Artifact, tmp_path: Path
) -> None:
    """The message says where and what to look at."""
    with pytest.raises(StoreError, match="permissions and free space"):
        artifact.save(small_artifact, tmp_path / "missing")


def test_a_type_that_was_not_reviewed_is_refused(loaded: Loaded) -> None:
    """A model file that names a function to call is not opened."""
    content = _edited(
        model_file.dump(loaded.pipelines),
        "HistGradientBoostingRegressor",
        "system",
        "os",
    )

    with pytest.raises(ArtifactError, match=r"refused.*os\.system"):
        model_file.load(content)


def test_a_pickle_is_refused() -> None:
    """Nothing but a skops file is read, least of all a pickle."""
    with pytest.raises(ArtifactError, match="not a file of three pipelines"):
        model_file.load(b"\x80\x04cos\nsystem\n.")


@pytest.mark.parametrize("field", ["left", "right", "feature_idx"])
def test_a_tree_that_leads_out_of_its_arrays_is_refused(
    store: ModelStore, field: str
) -> None:
    """Compiled code checks no bounds, so the file is checked before it runs."""
    fresh = artifact.load(store.folder(store.resolve("champion")))
    nodes = fresh.pipelines[1]["trees"]._predictors[3][0].nodes  # noqa: SLF001 - as above
    nodes[field][0] = 10**6

    with pytest.raises(ArtifactError, match="nodes lead out"):
        model_file.load(model_file.dump(fresh.pipelines))


def test_a_tree_with_a_circle_is_refused(store: ModelStore) -> None:
    """A walk that never ends would hang a worker."""
    fresh = artifact.load(store.folder(store.resolve("champion")))
    nodes = fresh.pipelines[0]["trees"]._predictors[0][0].nodes  # noqa: SLF001 - as above
    nodes["left"][0] = 0

    with pytest.raises(ArtifactError, match="nodes lead out"):
        model_file.load(model_file.dump(fresh.pipelines))


def test_a_tree_whose_branches_meet_is_refused(store: ModelStore) -> None:
    """A few dozen such nodes have more ways through them than anybody can go."""
    fresh = artifact.load(store.folder(store.resolve("champion")))
    nodes = fresh.pipelines[0]["trees"]._predictors[0][0].nodes  # noqa: SLF001 - as above
    nodes["right"][0] = nodes["left"][0]

    with pytest.raises(ArtifactError, match="nodes lead out"):
        model_file.load(model_file.dump(fresh.pipelines))


def test_the_bytes_of_a_model_file_depend_on_the_model_alone(loaded: Loaded) -> None:
    """Neither the clock nor addresses in memory leave a trace."""
    once = model_file.dump(loaded.pipelines)
    again = model_file.dump(model_file.load(once))

    assert again == once


def test_the_manifest_lists_every_other_file(folder: Path) -> None:
    """What is in the folder is what was promised."""
    listed = json.loads((folder / MANIFEST).read_text())["files"]

    assert set(listed) | {MANIFEST} == {path.name for path in folder.iterdir()}


def _edited(content: bytes, name: str, new_name: str, new_module: str) -> bytes:
    """Return a model file whose first object of a class claims to be something else."""
    with zipfile.ZipFile(io.BytesIO(content)) as before:
        parts = {part: before.read(part) for part in before.namelist()}
    schema = parts["schema.json"].decode()
    at = schema.index(f'"{name}", "__module__"')
    end = schema.index(",", schema.index("__module__", at))
    changed = f'"{new_name}", "__module__": "{new_module}"'
    parts["schema.json"] = (schema[:at] + changed + schema[end:]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as after:
        for part, text in parts.items():
            after.writestr(part, text)
    return packed.getvalue()

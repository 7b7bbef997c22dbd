"""A model version is read whole and unharmed, or not at all."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from model_store import artifact, pipelines
from model_store.artifact import Loaded
from model_store.errors import ArtifactError, StoreError
from model_store.predictor import Predictor
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

    assert np.array_equal(
        again, pipelines.predict(small_artifact.model.pipelines, frame)
    )
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


@pytest.mark.parametrize(
    "parity",
    [
        "[]",
        "[" * 100_000,
        '{"houses": [], "raw": []}',
        '{"houses": [{}], "raw": []}',
        '{"houses": [{}], "raw": [[1, 2, 3]]}',
        '{"houses": [[]], "raw": [[1, 2]]}',
        '{"houses": [{}], "raw": [["x", 2]]}',
        '{"houses": {"a": 1}, "raw": [[1, 2]]}',
        '{"houses": [{}, {}], "raw": [[1, 2], [3]]}',
    ],
)
def test_parity_rows_that_are_none_are_refused(folder: Path, parity: str) -> None:
    """A model that cannot be compared with itself is not served."""
    _replaced(folder, PARITY, parity)

    with pytest.raises(ArtifactError, match=folder.name):
        artifact.load(folder)


def test_a_parity_house_that_nobody_can_price_is_refused(folder: Path) -> None:
    """Whatever stands in it, the model is refused and nothing else happens."""
    rows = json.loads((folder / PARITY).read_text())
    rows["houses"][0]["lat"] = {"north": 1}
    _replaced(folder, PARITY, json.dumps(rows))

    with pytest.raises(ArtifactError, match="cannot price its own houses"):
        Predictor(artifact.load(folder))


def test_the_manifest_lists_every_other_file(folder: Path) -> None:
    """What is in the folder is what was promised."""
    listed = json.loads((folder / MANIFEST).read_text())["files"]

    assert set(listed) | {MANIFEST} == {path.name for path in folder.iterdir()}


def _replaced(folder: Path, name: str, text: str) -> None:
    """Write a file anew, as somebody would who may write the manifest too."""
    (folder / name).write_text(text)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][name] = hashlib.sha256(text.encode()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))

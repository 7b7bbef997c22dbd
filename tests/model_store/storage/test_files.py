"""Files that are written one by one, in a folder and behind a URL."""

from pathlib import Path

import pytest

from model_store.errors import StoreError
from model_store.storage.files import Files
from model_store.storage.local_files import LocalFiles
from model_store.storage.object_files import ObjectFiles


@pytest.fixture(params=["folder", "url"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """Return an empty place for files."""
    root = tmp_path / "files"
    is_folder = request.param == "folder"
    return LocalFiles(root) if is_folder else ObjectFiles(f"memory://{tmp_path}")


def test_a_file_is_written_and_replaced(files: Files) -> None:
    """Its folder is made by it, and nothing else lies there."""
    files.put("a/one", b"1")
    files.put("a/one", b"2")
    files.put("b/two", b"")

    assert files.read("a/one") == b"2"
    assert files.read("b/two") == b""
    assert files.folders() == ["a", "b"]


def test_a_folder_goes_with_all_that_is_in_it(files: Files) -> None:
    """One that is not there is no fault."""
    files.put("a/one", b"1")
    for _ in range(2):
        files.drop("a")

    assert files.read("a/one") is None


def test_what_cannot_be_written_is_told_with_its_place(tmp_path: Path) -> None:
    """And nothing is left behind."""
    (tmp_path / "a").write_text("in the way")

    with pytest.raises(StoreError, match="check owner"):
        LocalFiles(tmp_path).put("a/one", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]

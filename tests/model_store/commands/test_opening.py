"""What a command finds its settings by."""

import pytest

from model_store.archive.archive import Archive
from model_store.commands import opening


def test_beside_an_installation_its_archive_is_found(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless another one is named, or there is none."""
    file = archive.database.file
    assert file
    monkeypatch.setenv("KERBSIDE_STATE_DIR", str(file.parent / "elsewhere"))
    none = opening.settings(None).archive_url
    monkeypatch.setenv("KERBSIDE_STATE_DIR", str(file.parent))
    own = opening.settings(None).archive_url
    monkeypatch.setenv("KERBSIDE_ARCHIVE_URL", "sqlite:////srv/other.db")

    assert (none, own) == (None, f"sqlite:///{file}")
    assert opening.settings(None).archive_url == "sqlite:////srv/other.db"

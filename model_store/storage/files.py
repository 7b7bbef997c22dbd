"""Where the files of a store are: a folder of this machine, or an object store."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from model_store.storage.local_files import LocalFiles


class Files(Protocol):
    """What a store needs of the place where its files are.

    Names are of the form `aliases.json` or `folder/file`; every method raises
    `StoreError` where the place cannot be read or written.

    Attributes:
        place: For messages; holds no password.
    """

    place: str

    def folders(self) -> list[str]:
        """Return the names of all folders, and maybe of files, in order."""

    def holds(self, name: str) -> bool:
        """Tell whether there is such a file."""

    def read(self, name: str) -> bytes | None:
        """Return what a file holds, None if there is none."""

    def prepare(self) -> None:
        """Make sure that something can be written."""

    def add(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Write a folder in this order, so that the last file makes it whole."""

    def update(self, name: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """Replace a file by what `change` makes of it, None to leave it."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all, beside whoever writes others."""

    def drop(self, folder: str) -> None:
        """Remove a folder and what is in it, if it is there."""


def opened(url: str | Path) -> Files:
    """Return the files below a folder or a URL; nothing is read or written yet.

    Raises:
        StoreError: The URL is of a kind that is not known or not installed.
    """
    parts = urlsplit(str(url))
    if isinstance(url, Path) or not parts.scheme:
        return LocalFiles(Path(url))
    if parts.scheme == "file":
        return LocalFiles(Path(unquote(parts.path)))
    # 13 MiB and 30 ms that a store in a folder has no use for.
    from model_store.storage.object_files import ObjectFiles  # noqa: PLC0415

    return ObjectFiles(str(url))

"""The files of a store in a folder: written whole, by one process at a time."""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

from model_store.errors import StoreError

_INCOMING = ".incoming-"
#: Held while the store is written.
_LOCK = ".lock"
#: Written before a training, to see whether the disk takes it.
_PROBE_BYTES = 65_536


class LocalFiles:
    """Files below a folder, which is made when something is written."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.place = str(root)

    def folders(self) -> list[str]:
        """Return the names of all folders, and maybe of files, in order.

        Raises:
            StoreError: They cannot be read.
        """
        try:
            return sorted(path.name for path in self._root.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(_reading(self._root, error)) from error

    def holds(self, name: str) -> bool:
        """Tell whether there is such a file.

        Raises:
            StoreError: It cannot be told.
        """
        path = self._root / name
        try:
            return stat.S_ISREG(path.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise StoreError(_reading(path, error)) from error

    def read(self, name: str) -> bytes | None:
        """Return what a file holds, None if there is none.

        Raises:
            StoreError: It cannot be read.
        """
        path = self._root / name
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(_reading(path, error)) from error

    def prepare(self) -> None:
        """Make sure that something can be written, and clear what killed writers left.

        Raises:
            StoreError: Nothing can be written.
        """
        with self._writing():
            self._tidy()
            with tempfile.TemporaryFile(dir=self._root) as probe:
                probe.write(bytes(_PROBE_BYTES))

    def add(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Write a folder, all or nothing, in the place of one that is there.

        Raises:
            StoreError: It cannot be written; nothing is left behind.
        """
        incoming = self._root / f"{_INCOMING}{folder}"
        with self._writing():
            self._tidy()
            try:
                incoming.mkdir()
                for name, content in files.items():
                    (incoming / name).write_bytes(content)
                    _sync(incoming / name)
                _sync(incoming)
                # Whatever stands there would block the rename for ever.
                shutil.rmtree(self._root / folder, ignore_errors=True)
                incoming.rename(self._root / folder)
                _sync(self._root)
            finally:
                shutil.rmtree(incoming, ignore_errors=True)

    def update(self, name: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """Replace a file by what is made of it, with no other writer in between.

        Args:
            name: Of the file.
            change: Gets what the file holds, None if there is none; returns what it is
                to hold, None to leave it.

        Raises:
            StoreError: It cannot be read or written.
        """
        with self._writing():
            content = change(self.read(name))
            if content is not None:
                _replace(self._root / name, content)

    def put(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all, beside whoever writes others.

        Raises:
            StoreError: It cannot be written.
        """
        path = self._root / name
        # Two may write one name, and both write the same: each has a file of its own.
        fresh = path.with_name(f".{path.name}.{uuid4()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                fresh.write_bytes(content)
                fresh.replace(path)
            finally:
                fresh.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot write {path}: {error.strerror or error}; check owner, "
                "permissions and free space"
            ) from error

    def drop(self, folder: str) -> None:
        """Remove a folder and what is in it, if it is there.

        Raises:
            StoreError: It cannot be removed.
        """
        try:
            shutil.rmtree(self._root / folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(
                f"cannot remove {self._root / folder}: {error.strerror or error}"
            ) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Let one process write at a time; turn any failure into one error."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with (self._root / _LOCK).open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise StoreError(
                f"cannot write the model store {self.place}: "
                f"{error.strerror or error}; check its owner, permissions and free "
                "space, or set KERBSIDE_STORE_URL"
            ) from error

    def _tidy(self) -> None:
        """Remove what was left by writers that are no more; the store is locked."""
        for folder in self._root.glob(f"{_INCOMING}*"):
            shutil.rmtree(folder, ignore_errors=True)


def _reading(path: Path, error: OSError) -> str:
    return f"cannot read {path}: {error.strerror or error}"


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(content)
        _sync(fresh)
        fresh.replace(path)
        _sync(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

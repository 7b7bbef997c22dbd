"""The files of a store behind a URL of fsspec: S3, Google Cloud Storage and others.

An object is written whole, but nothing spans two of them: there is no rename of a
folder and no lock. What must not tear is therefore one object, written last.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from fsspec.core import url_to_fs

from model_store.errors import StoreError

_S3 = ("s3", "s3a")
#: Times that a replacement is tried anew because somebody else was faster.
_ATTEMPTS = 30
#: What S3 says to a conditional write whose condition does not hold, or whose object
#: is gone, or which meets another one on its way.
_REFUSED = ("PreconditionFailed", "NoSuchKey", "ConditionalRequestConflict")


class ObjectFiles:
    """Objects below the path of a URL."""

    def __init__(self, url: str) -> None:
        """Prepare a client; it connects when it is first used.

        Raises:
            StoreError: No client for such a URL is known or installed.
        """
        parts = urlsplit(url)
        # A password in the URL is for the client alone.
        self.place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        # What others wrote meanwhile must be seen.
        options: dict[str, Any] = {"use_listings_cache": False}
        if parts.scheme in _S3:
            # Else it asks for the size of each object before it reads it.
            options["max_concurrency"] = 1
        try:
            self._client, root = url_to_fs(url, **options)
        except (ImportError, ValueError) as error:
            raise StoreError(
                f"model store {self.place}: {error}; expected a folder, a file:// URL, "
                "s3:// with the extra kerbside[s3], gs:// with kerbside[gcs], or a URL "
                "of fsspec whose client is installed"
            ) from error
        self._root = root.rstrip("/")
        self._is_s3 = parts.scheme in _S3

    def folders(self) -> list[str]:
        """Return the names of all folders, and maybe of files, in order.

        Raises:
            StoreError: They cannot be read.
        """
        with self._told("read"):
            try:
                paths = self._client.ls(self._root, detail=False, refresh=True)
            except FileNotFoundError:
                return []
        return sorted(path.rstrip("/").rpartition("/")[2] for path in paths)

    def holds(self, name: str) -> bool:
        """Tell whether there is such an object.

        Raises:
            StoreError: It cannot be told.
        """
        return self._tag(name) is not None

    def read(self, name: str) -> bytes | None:
        """Return what an object holds, None if there is none.

        Raises:
            StoreError: It cannot be read.
        """
        with self._told("read"):
            try:
                content: bytes = self._client.cat_file(self._path(name))
            except FileNotFoundError:
                return None
        return content

    def prepare(self) -> None:
        """Make sure that something can be written.

        Raises:
            StoreError: Nothing can be written.
        """
        probe = self._path(f".probe-{uuid4()}")
        with self._told("write"):
            self._client.pipe_file(probe, b"")
            self._client.rm_file(probe)

    def add(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Write a folder in this order, so that the last file makes it whole.

        Raises:
            StoreError: It cannot be written; what was begun is removed if it can be.
        """
        try:
            with self._told("write"):
                for name, content in files.items():
                    self._client.pipe_file(self._path(f"{folder}/{name}"), content)
        except BaseException:
            with suppress(Exception):
                self._remove(folder, *files)
            raise

    def update(self, name: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """Replace an object by what is made of it; see `Files.update`.

        On S3 no other writer comes in between. Elsewhere fsspec knows no conditional
        replacement: what was written is read back, which notices most races, not all.

        Raises:
            StoreError: It cannot be read or written, or changes all the time.
        """
        for _ in range(_ATTEMPTS):
            # First the tag: of a newer content, the older tag is refused.
            tag = self._tag(name)
            content = change(self.read(name))
            if content is None or self._swapped(name, tag, content):
                return
        raise StoreError(
            f"{self.place}/{name} was changed by others {_ATTEMPTS} times at once; try "
            "again"
        )

    def put(self, name: str, content: bytes) -> None:
        """Write an object, whole or not at all, beside whoever writes others.

        Raises:
            StoreError: It cannot be written.
        """
        with self._told("write"):
            self._client.pipe_file(self._path(name), content)

    def drop(self, folder: str) -> None:
        """Remove a folder and what is in it, if it is there.

        Raises:
            StoreError: It cannot be removed.
        """
        with self._told("write"), suppress(FileNotFoundError):
            self._client.rm(self._path(folder), recursive=True)

    def _swapped(self, name: str, tag: str | None, content: bytes) -> bool:
        path = self._path(name)
        with self._told("write"):
            if self._is_s3:
                return self._put_if(path, tag, content)
            self._client.pipe_file(path, content)
        return self.read(name) == content

    def _put_if(self, path: str, tag: str | None, content: bytes) -> bool:
        """Write an object of S3 if it still has the tag; None: if there is none."""
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        writer = str(uuid4())
        try:
            self._client.pipe_file(
                path, content, Metadata={"writer": writer}, **condition
            )
        except OSError as error:
            answer: dict[str, Any] = getattr(error.__cause__, "response", {})
            if answer.get("Error", {}).get("Code") not in _REFUSED:
                raise
        else:
            return True
        # The client repeats a request whose answer was lost: then it is the first one
        # that the second is refused for.
        try:
            written: dict[str, str] = self._client.metadata(path, refresh=True)
        except FileNotFoundError:
            return False
        return written.get("writer") == writer

    def _remove(self, folder: str, *files: str) -> None:
        """Remove what was begun, unless somebody else has completed it meanwhile."""
        if not self.holds(f"{folder}/{files[-1]}"):
            for name in files[:-1]:
                with suppress(FileNotFoundError):
                    self._client.rm_file(self._path(f"{folder}/{name}"))

    def _tag(self, name: str) -> str | None:
        """Return something that changes with an object's content, None if it is not."""
        with self._told("read"):
            try:
                info: dict[str, Any] = self._client.info(self._path(name), refresh=True)
            except FileNotFoundError:
                return None
        return str(info.get("ETag") or info) if info["type"] == "file" else None

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _told(self, verb: str) -> Iterator[None]:
        """Turn whatever a client raises into one error."""
        try:
            yield
        except Exception as error:
            # Each client has errors of its own, of no common kind.
            raise StoreError(
                f"cannot {verb} the store {self.place}: {error}; check the "
                "bucket, the credentials and the way there"
            ) from error

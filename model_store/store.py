"""The model store: a folder a version, one file of aliases, all replaced atomically."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from model_store.card import ModelCard
from model_store.errors import ArtifactError, StoreError, UnknownModel

#: Files of a version folder. The manifest is written last: without it a folder
#: is not a version.
CARD, MODEL, PARITY, MANIFEST = (
    "card.json",
    "model.skops",
    "parity.json",
    "MANIFEST.json",
)

_ALIASES = "aliases.json"
_ALIAS_NAMES = ("champion", "challenger", "previous")
_INCOMING = ".incoming-"


@dataclass(frozen=True, slots=True)
class Aliases:
    """Which version each alias means.

    Attributes:
        generation: Grows by one at every change; 0 before the first.
        champion: Version that prices by default.
        challenger: Version that is being tried beside the champion.
        previous: Champion before the present one.
    """

    generation: int = 0
    champion: str | None = None
    challenger: str | None = None
    previous: str | None = None


class ModelStore:
    """Model versions in a local folder.

    Versions never change once published, so cards are read once; aliases are
    read again whenever their file was replaced, which costs one `stat`.
    """

    def __init__(self, root: str | Path) -> None:
        """Point at a store; nothing is created before something is published.

        Args:
            root: A folder or a `file://` URL.

        Raises:
            StoreError: The URL is of another kind.
        """
        self.root = _folder_of(root)
        self._cards: dict[str, ModelCard] = {}
        self._aliases: tuple[tuple[int, int, int], Aliases] | None = None

    def versions(self) -> list[str]:
        """Return the ids of all complete versions, oldest data first."""
        try:
            names = [path.name for path in self.root.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(_reading(self.root, error)) from error
        return sorted(name for name in names if self._is_version(name))

    def folder(self, version: str) -> Path:
        """Return the folder of a version.

        Raises:
            UnknownModel: There is no such version.
        """
        if not self._is_version(version):
            known = ", ".join(self.versions()) or "none"
            msg = f"no model version {version!r} in {self.root}; versions: {known}"
            raise UnknownModel(msg)
        return self.root / version

    def card(self, version: str) -> ModelCard:
        """Return the card of a version.

        Raises:
            UnknownModel: There is no such version.
            ArtifactError: Its card cannot be read.
        """
        card = self._cards.get(version)
        if card is None:
            path = self.folder(version) / CARD
            try:
                card = ModelCard.from_json(path.read_bytes())
            except (OSError, ArtifactError) as error:
                msg = f"{path}: {error}"
                raise ArtifactError(msg) from error
            self._cards[version] = card
        return card

    def aliases(self) -> Aliases:
        """Return the aliases; all None before the first promotion.

        Raises:
            StoreError: The file cannot be read.
        """
        path = self.root / _ALIASES
        try:
            status = path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if self._aliases is None or self._aliases[0] != seen:
                self._aliases = (seen, Aliases(**json.loads(path.read_bytes())))
        except (FileNotFoundError, NotADirectoryError):
            return Aliases()
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(_reading(path, error)) from error
        return self._aliases[1]

    def resolve(self, alias_or_version: str) -> str:
        """Return the version that an alias means; a version means itself.

        Raises:
            UnknownModel: No such alias or version, or the alias points nowhere.
        """
        if alias_or_version not in _ALIAS_NAMES:
            return self.folder(alias_or_version).name
        version: str | None = getattr(self.aliases(), alias_or_version)
        if version is None:
            msg = f"no {alias_or_version} in {self.root}: train or promote a model"
            raise UnknownModel(msg)
        return version

    def promote(self, version: str) -> Aliases:
        """Make a version the champion; the champion so far becomes `previous`.

        Raises:
            UnknownModel: There is no such version.
            StoreError: The store cannot be written.
        """
        self.folder(version)
        with _writing(self.root), self._locked():
            now = self.aliases()
            if now.champion == version:
                return now
            new = replace(
                now,
                generation=now.generation + 1,
                champion=version,
                previous=now.champion,
            )
            _replace_file(self.root / _ALIASES, json.dumps(asdict(new)).encode())
        return new

    def publish(self, folder: Path) -> str:
        """Copy a complete version folder into the store, all or nothing.

        A version that is already there is left as it is: its id is made from its
        content.

        Args:
            folder: Holds the card, the manifest and every file that this names.

        Returns:
            The version id, as the card says it.

        Raises:
            StoreError: The store cannot be written; nothing is left behind.
            ArtifactError: The folder is not a version.
        """
        version = ModelCard.from_json((folder / CARD).read_bytes()).version
        with _writing(self.root), self._locked():
            if not self._is_version(version):
                self._copy_in(folder, version)
        return version

    def _copy_in(self, folder: Path, version: str) -> None:
        incoming = self.root / f"{_INCOMING}{version}"
        shutil.rmtree(incoming, ignore_errors=True)
        try:
            shutil.copytree(folder, incoming)
            for path in [*incoming.iterdir(), incoming]:
                _sync(path)
            # A leftover without a manifest would block the rename for ever.
            shutil.rmtree(self.root / version, ignore_errors=True)
            incoming.rename(self.root / version)
            _sync(self.root)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _is_version(self, name: str) -> bool:
        plain = not name.startswith(".") and "/" not in name
        return plain and (self.root / name / MANIFEST).is_file()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process of this machine write at a time."""
        with (self.root / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _folder_of(root: str | Path) -> Path:
    if isinstance(root, Path):
        return root
    parts = urlsplit(root)
    if parts.scheme not in ("", "file"):
        msg = (
            f"store URL {root!r}: expected a folder or a file:// URL, "
            f"got scheme {parts.scheme!r}"
        )
        raise StoreError(msg)
    return Path(parts.path if parts.scheme else root)


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    """Create the store's folder, and turn any failure to write into one error."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reason = error.strerror or error
        msg = (
            f"cannot write the model store {root}: {reason}; "
            "check its owner, permissions and free space, or set KERBSIDE_STORE_URL"
        )
        raise StoreError(msg) from error


def _reading(path: Path, error: Exception) -> str:
    return f"cannot read {path}: {error}"


def _replace_file(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(content)
        _sync(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The model store: a folder a version, one file of aliases, all replaced atomically."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

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

#: What a version may be called beside its id.
ALIAS_NAMES = ("champion", "challenger", "previous")

_FILES = (CARD, MODEL, PARITY, MANIFEST)
#: Last sale date and the digest's first digits.
_VERSION = re.compile(r"[0-9]{8}-[0-9a-f]{8}")
_ALIASES = "aliases.json"
_INCOMING, _WORKSHOP = ".incoming-", ".workshop-"
#: Held in the store while it is written, in a workshop while somebody works there.
_LOCK = ".lock"


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

    def of(self, version: str) -> list[str]:
        """Return the names of the aliases that mean a version."""
        return [name for name in ALIAS_NAMES if getattr(self, name) == version]


class ModelStore:
    """Model versions in a local folder.

    A version never changes once published, so its card is read once. Aliases are read
    from the disk each time.
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
        self._had_aliases = False

    def versions(self) -> list[str]:
        """Return the ids of all complete versions, oldest data first."""
        try:
            names = sorted(path.name for path in self.root.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(_reading(self.root, error)) from error
        return [name for name in names if self._is_version(name)]

    def folder(self, version: str) -> Path:
        """Return the folder of a version.

        Raises:
            UnknownModel: There is no such version.
            StoreError: The store cannot be read.
        """
        if not self._is_version(version):
            known = ", ".join(self.versions()) or "none"
            raise UnknownModel(
                f"no model version {version!r} in {self.root}; versions: {known}"
            )
        return self.root / version

    def card(self, version: str) -> ModelCard:
        """Return the card of a version.

        Raises:
            UnknownModel: There is no such version.
            ArtifactError: Its card is damaged.
            StoreError: The store cannot be read.
        """
        card = self._cards.get(version)
        if card is None:
            path = self.folder(version) / CARD
            try:
                card = ModelCard.from_json(path.read_bytes())
            except OSError as error:
                raise StoreError(_reading(path, error)) from error
            except ArtifactError as error:
                raise ArtifactError(f"{path}: {error}") from error
            self._cards[version] = card
        return card

    def aliases(self) -> Aliases:
        """Return the aliases; all None before the first promotion.

        Raises:
            StoreError: The file cannot be read.
        """
        path = self.root / _ALIASES
        try:
            aliases = Aliases(**json.loads(path.read_bytes()))
        except (FileNotFoundError, NotADirectoryError) as error:
            if self._had_aliases:
                raise StoreError(_reading(path, error)) from error
            return Aliases()
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(_reading(path, error)) from error
        self._had_aliases = True
        return aliases

    def resolve(self, alias_or_version: str) -> str:
        """Return the version that an alias means; a version means itself.

        Raises:
            UnknownModel: No such alias or version, or the alias points nowhere.
        """
        if alias_or_version not in ALIAS_NAMES:
            return self.folder(alias_or_version).name
        version: str | None = getattr(self.aliases(), alias_or_version)
        if version is None:
            raise UnknownModel(
                f"no {alias_or_version} in {self.root}: train or promote a model"
            )
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

    @contextlib.contextmanager
    def workshop(self) -> Iterator[Path]:
        """Lend a folder to make a version in; it is gone afterwards.

        It lies in the store, so that a store which cannot be written is noticed
        before a training rather than after it. What a killed training left behind
        goes with the next one.

        Raises:
            StoreError: The store cannot be written.
        """
        with contextlib.ExitStack() as at_end:
            with _writing(self.root), self._locked():
                self._tidy()
                folder = Path(tempfile.mkdtemp(dir=self.root, prefix=_WORKSHOP))
                at_end.callback(shutil.rmtree, folder, ignore_errors=True)
                lock = at_end.enter_context((folder / _LOCK).open("ab"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder

    def publish(self, folder: Path) -> str:
        """Copy a complete version folder into the store, all or nothing.

        A version that is already there is left as it is: its id is made from its
        content.

        Args:
            folder: Holds the files of a version, wherever it lies.

        Returns:
            The version id, as the card says it.

        Raises:
            StoreError: The store cannot be written; nothing is left behind.
            ArtifactError: The folder is not a complete version.
        """
        version = _complete(folder)
        with _writing(self.root), self._locked():
            if not self._is_version(version):
                self._copy_in(folder, version)
        return version

    def _copy_in(self, folder: Path, version: str) -> None:
        self._tidy()
        incoming = self.root / f"{_INCOMING}{version}"
        try:
            incoming.mkdir()
            for name in _FILES:
                # The bytes alone: modes of a private temporary folder would keep
                # other users of the store out.
                shutil.copyfile(folder / name, incoming / name)
                _sync(incoming / name)
            _sync(incoming)
            # What stands there has no manifest and would block the rename for ever.
            shutil.rmtree(self.root / version, ignore_errors=True)
            incoming.rename(self.root / version)
            _sync(self.root)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _tidy(self) -> None:
        """Remove what was left by processes that are no more; the store is locked."""
        for folder in self.root.glob(f"{_INCOMING}*"):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in self.root.glob(f"{_WORKSHOP}*"):
            with contextlib.suppress(OSError), (folder / _LOCK).open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)

    def _is_version(self, name: str) -> bool:
        if not _VERSION.fullmatch(name):
            return False
        manifest = self.root / name / MANIFEST
        try:
            return stat.S_ISREG(manifest.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            # Of an unmounted disk nothing is there: that is no word about one version.
            if self._had_aliases:
                self.aliases()
            return False
        except OSError as error:
            raise StoreError(_reading(manifest, error)) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process of this machine write at a time."""
        with (self.root / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _complete(folder: Path) -> str:
    """Return the version that a folder holds."""
    absent = [name for name in _FILES if not (folder / name).is_file()]
    if absent:
        raise ArtifactError(f"{folder}: not a model version: no {', '.join(absent)}")
    version = ModelCard.from_json((folder / CARD).read_bytes()).version
    if not _VERSION.fullmatch(version):
        raise ArtifactError(
            f"{folder}: its card says version {version!r}; expected the last sale date "
            "and eight digits of the digest, such as 20150527-1a2b3c4d"
        )
    return version


def _folder_of(root: str | Path) -> Path:
    if isinstance(root, Path):
        return root
    parts = urlsplit(root)
    if parts.scheme not in ("", "file"):
        raise StoreError(
            f"store URL {root!r}: expected a folder or a file:// URL, "
            f"got scheme {parts.scheme!r}"
        )
    return Path(unquote(parts.path) if parts.scheme else root)


@contextlib.contextmanager
def _writing(root: Path) -> Iterator[None]:
    """Create the store's folder, and turn any failure to write into one error."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(
            f"cannot write the model store {root}: {reason}; "
            "check its owner, permissions and free space, or set KERBSIDE_STORE_URL"
        ) from error


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

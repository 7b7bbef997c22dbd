"""The model store: a folder a version, signed, and one file of aliases."""

import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from model_store.actor import Actor, running
from model_store.aliases import ALIAS_NAMES, Aliases, Operation, Post
from model_store.card import ModelCard
from model_store.errors import ArtifactError, StoreError, UnknownModel
from model_store.settings import ModelSettings
from model_store.storage import manifest
from model_store.storage.files import opened
from model_store.storage.lease import Lease
from model_store.storage.manifest import CARD, MANIFEST, VERSION, Manifest
from model_store.storage.signing import Trust

_ALIASES = "aliases.json"
#: Times that a version is written anew because another publisher wrote over it.
_ATTEMPTS = 8
#: Seconds by which the longest pause before such a write grows each time.
_STEP_S = 0.1


class ModelStore:
    """Model versions in a folder or behind a URL, and whom to trust with them.

    A version never changes once published, so its card is read once. Aliases are read
    anew each time. What nobody trusted has signed, or is not as it was signed, is
    refused.

    Attributes:
        url: Where the store is; another process finds it by this.
        trust: Whose versions are used.
    """

    def __init__(self, url: str | Path, trust: Trust) -> None:
        """Point at a store; nothing is created before something is published.

        Args:
            url: A folder, a `file://` URL or one that fsspec knows.
            trust: Whose signatures count.

        Raises:
            StoreError: The URL is of another kind.
        """
        self.url = str(url)
        self.trust = trust
        self._files = opened(url)
        self._cards: dict[str, ModelCard] = {}
        self._had_aliases = False

    @classmethod
    def from_settings(cls, settings: ModelSettings) -> Self:
        """Point at the store that the settings name.

        Raises:
            StoreError: Its URL is of another kind.
        """
        return cls(settings.model_store_url(), Trust.from_settings(settings))

    def __str__(self) -> str:
        """Return where it is, for messages."""
        return self._files.place

    def versions(self) -> list[str]:
        """Return the ids of all versions, oldest data first, trusted or not.

        Raises:
            StoreError: The store cannot be read.
        """
        return [name for name in self._files.folders() if self._holds(name)]

    def card(self, version: str) -> ModelCard:
        """Return the card of a version.

        Raises:
            UnknownModel: There is no such version.
            NotTrusted: Nobody who is trusted has signed it.
            ArtifactError: Its card or its manifest is damaged.
            StoreError: The store cannot be read.
        """
        card = self._cards.get(version)
        if card is None:
            card, _ = self._opened(version, lambda _: [CARD])
            self._cards[version] = card
        return card

    def card_file(self, version: str) -> bytes:
        """Return the card of a version as it was published, byte for byte.

        Raises:
            ModelStoreError: As `card` does.
        """
        return self._opened(version, lambda _: [CARD])[1][CARD]

    def signer(self, version: str) -> str:
        """Return the public key of who signed a version.

        Raises:
            ModelStoreError: As `card` does.
        """
        self._known(version)
        try:
            return manifest.signer(self._read(version, MANIFEST), self.trust)
        except ArtifactError as error:
            raise type(error)(f"{self}/{version}: {error}") from error

    def files(self, version: str) -> dict[str, bytes]:
        """Return the files of a version by name, all but the manifest.

        They are read once: what was checked is what is returned.

        Raises:
            UnknownModel: There is no such version.
            NotTrusted: Nobody who is trusted has signed it.
            ArtifactError: A file is missing or not as it was signed.
            StoreError: The store cannot be read.
        """
        card, files = self._opened(version, lambda listed: list(listed.files))
        self._cards[version] = card
        return files

    def aliases(self) -> Aliases:
        """Return the aliases; all None before the first promotion.

        Raises:
            StoreError: The file cannot be read.
        """
        return self._parsed(self._files.read(_ALIASES))

    def resolve(self, alias_or_version: str) -> str:
        """Return the version that an alias means; a version means itself.

        Raises:
            UnknownModel: No such alias or version, or the alias points nowhere.
        """
        if alias_or_version not in ALIAS_NAMES:
            self._known(alias_or_version)
            return alias_or_version
        version: str | None = getattr(self.aliases(), alias_or_version)
        if version is None:
            raise UnknownModel(
                f"no {alias_or_version} in {self}: train or promote a model"
            )
        return version

    def promote(
        self,
        version: str,
        *,
        post: Post = "champion",
        share: float | None = None,
        if_generation: int | None = None,
        by: Actor | None = None,
    ) -> Aliases:
        """Give a version a post; a champion so far becomes `previous`.

        Args:
            version: Its id.
            post: What it is to be.
            share: Percent of the champion's jobs that it prices, as challenger; None:
                what it has, and 0 of a new one.
            if_generation: What the aliases' generation must still be.
            by: Who does so; None: who runs this process.

        Raises:
            UnknownModel: There is no such version.
            ArtifactError: It is damaged or not trusted.
            AliasesChanged: The aliases are at another generation.
            StoreError: The store cannot be written.
        """
        # Before anything is changed: no alias leads to what nobody would load.
        self.files(version)
        return self._change(
            "promote_model" if post == "champion" else "name_challenger",
            lambda now: (now.promoted(version, post, share), version),
            if_generation,
            by,
        )

    def dismiss(
        self, *, if_generation: int | None = None, by: Actor | None = None
    ) -> Aliases:
        """Have no challenger any more; nothing changes where there is none.

        Args:
            if_generation: What the aliases' generation must still be.
            by: Who does so; None: who runs this process.

        Raises:
            AliasesChanged: The aliases are at another generation.
            StoreError: The store cannot be written.
        """
        return self._change(
            "dismiss_challenger",
            lambda now: (now.dismissed(), str(now.challenger)),
            if_generation,
            by,
        )

    def rollback(
        self, *, if_generation: int | None = None, by: Actor | None = None
    ) -> Aliases:
        """Make the previous champion the champion again, and the other way round.

        Args:
            if_generation: What the aliases' generation must still be.
            by: Who does so; None: who runs this process.

        Raises:
            UnknownModel: There is no previous champion.
            ArtifactError: It is damaged or not trusted.
            AliasesChanged: The aliases are at another generation.
            StoreError: The store cannot be written.
        """

        def rolled_back(now: Aliases) -> tuple[Aliases, str]:
            aliases = now.rolled_back()
            self.files(str(aliases.champion))
            return aliases, str(aliases.champion)

        return self._change("rollback_model", rolled_back, if_generation, by)

    def lease(self, name: str) -> Lease:
        """Return a lock of this store; it is taken by a `with` statement."""
        return Lease(self._files, f"{name}.lock")

    def prepare(self) -> None:
        """Make sure that a version can be published, before the work of making one.

        Raises:
            StoreError: The store cannot be written.
        """
        self._files.prepare()

    def publish(self, files: Mapping[str, bytes]) -> str:
        """Put a version into the store, all or nothing.

        A version that is already there and sound is left as it is, since its id is
        made from its content; one that would be refused is replaced.

        Args:
            files: Every file of the version, the signed manifest among them.

        Returns:
            The version id, as the card says it.

        Raises:
            NotTrusted: Nobody who is trusted has signed it.
            ArtifactError: It is not a complete version.
            StoreError: The store cannot be written; nothing is left behind.
        """
        version = self._checked(files)
        # An object store knows no lock. Each of two publishers looks after its last
        # write, so whoever is last leaves a version that is whole.
        for attempt in range(_ATTEMPTS):
            if self._is_sound(version):
                return version
            # Two that write in step would never get out of each other's way.
            time.sleep(random.uniform(0, attempt * _STEP_S))  # noqa: S311 - no secret
            self._files.add(version, _manifest_last(files))
        raise StoreError(
            f"version {version} in {self} was written over {_ATTEMPTS} times while it "
            "was published; end what else publishes there, and publish it again"
        )

    def _checked(self, files: Mapping[str, bytes]) -> str:
        """Return the version that files hold, after refusing what nobody would load."""
        if MANIFEST not in files:
            raise ArtifactError(f"not a model version: no {MANIFEST}")
        listed = manifest.read(files[MANIFEST], self.trust)
        if files.keys() != {*listed.files, MANIFEST}:
            raise ArtifactError(
                f"not a model version: holds {sorted(files)}; expected {MANIFEST} and "
                f"what it lists: {sorted(listed.files)}"
            )
        listed.check({name: files[name] for name in listed.files})
        _card_of(listed, files[CARD])
        if not VERSION.fullmatch(listed.version):
            raise ArtifactError(
                f"its card says version {listed.version!r}; expected the last sale "
                "date and eight digits of the digest, such as 20150527-1a2b3c4d"
            )
        return listed.version

    def _is_sound(self, version: str) -> bool:
        try:
            return self._holds(version) and bool(self.files(version))
        except ArtifactError:
            return False

    def _opened(
        self, version: str, wanted: Callable[[Manifest], list[str]]
    ) -> tuple[ModelCard, dict[str, bytes]]:
        """Return the card of a version and some files, after checking all of them."""
        self._known(version)
        try:
            listed = manifest.read(self._read(version, MANIFEST), self.trust)
            listed.stand_for(version)
            files = {name: self._read(version, name) for name in wanted(listed)}
            listed.check(files)
            return _card_of(listed, files[CARD]), files
        except ArtifactError as error:
            raise type(error)(f"{self}/{version}: {error}") from error

    def _read(self, version: str, name: str) -> bytes:
        content = self._files.read(f"{version}/{name}")
        if content is None:
            raise ArtifactError(
                f"no {name}: not a complete version; remove it and publish it again"
            )
        return content

    def _known(self, version: str) -> None:
        """Refuse the name of a version that is not there.

        Raises:
            UnknownModel: There is none.
        """
        if not self._holds(version):
            raise UnknownModel(
                f"no model version {version!r} in {self}: `kerbside model list` shows "
                "those that there are"
            )

    def _holds(self, name: str) -> bool:
        if not VERSION.fullmatch(name):
            return False
        holds = self._files.holds(f"{name}/{MANIFEST}")
        if not holds and self._had_aliases:
            # Of an unmounted disk nothing is there: that is no word about one version.
            self.aliases()
        return holds

    def _change(
        self,
        operation: Operation,
        change: Callable[[Aliases], tuple[Aliases, str]],
        if_generation: int | None,
        by: Actor | None,
    ) -> Aliases:
        """Replace the aliases, and write into the same file who has done so."""
        after: list[Aliases] = []
        by = by or Actor(running())

        def replaced(content: bytes | None) -> bytes | None:
            now = self._parsed(content)
            now.expect(if_generation)
            then, version = change(now)
            if then != now:
                now_ms = time.time_ns() // 1_000_000
                then = then.noting(operation, version, by, now_ms)
            after[:] = [then]
            return None if then == now else then.to_json()

        self._files.update(_ALIASES, replaced)
        return after[0]

    def _parsed(self, content: bytes | None) -> Aliases:
        place = f"{self}/{_ALIASES}"
        if content is None:
            if self._had_aliases:
                raise StoreError(f"cannot read {place}: it is gone; put it back")
            return Aliases()
        try:
            aliases = Aliases.from_json(content)
        except ValueError as error:
            raise StoreError(
                f"cannot read {place}: {error}; remove it and promote a version"
            ) from error
        self._had_aliases = True
        return aliases


def _card_of(listed: Manifest, content: bytes) -> ModelCard:
    """Return a card that says of itself what was signed."""
    card = ModelCard.from_json(content)
    if (card.name, card.version) != (listed.name, listed.version):
        raise ArtifactError(
            f"{CARD} says {card.name} {card.version}, {MANIFEST} says {listed.name} "
            f"{listed.version}: expected the same; publish the version again"
        )
    return card


def _manifest_last(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: files[name] for name in sorted(files, key=MANIFEST.__eq__)}

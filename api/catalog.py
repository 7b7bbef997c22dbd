"""The model versions that this process may price with, and the request each expects."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel, Field, create_model

from api.errors import NoChampion
from api.request_body import PredictionRequest
from api.throttle import Throttle
from model_store import logs
from model_store.aliases import ALIAS_NAMES, Aliases
from model_store.card import ModelCard
from model_store.errors import (
    ArtifactError,
    ModelStoreError,
    StoreError,
    UnknownModel,
)
from model_store.store import ModelStore
from worker.versions import Findings

#: What is read of a version.
_Read = TypeVar("_Read")

#: Seconds for which aliases are trusted: how long after a promotion the old champion
#: may still be given new jobs.
ALIAS_TTL_S = 1.0

#: Seconds that the workers may take to load a new champion before it serves anyhow.
WARM_UP_S = 4.0

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
#: Versions that an answer offers to choose from, at most.
_CHOICES = 20
#: What a version may look like; anything else is not looked for in the store.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

_log = logs.logger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """A model version, ready to have houses validated for it."""

    card: ModelCard
    #: Strict model of the whole request body, `input` by the version's own schema.
    request_model: type[PredictionRequest]


class Catalog:
    """Resolves aliases and versions, from memory where it can.

    Args:
        store: Where models are kept.
        ask_workers: Called for what the workers found of the versions; never waits.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        store: ModelStore,
        *,
        ask_workers: Callable[[], Findings] = Findings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._ask_workers = ask_workers
        self._clock = clock
        self._aliases = Aliases()
        self._findings = Findings()
        self._read_at = -ALIAS_TTL_S
        #: When the champion was first seen, by both clocks, and whether it may serve.
        self._since, self._since_ms, self._warm = 0.0, 0, True
        self._passed_over = False
        self._reading = threading.Lock()
        self._served: dict[str, Served] = {}
        #: The champion that was served last.
        self._champion: Served | None = None
        self._log = Throttle(clock=clock)

    def aliases(self) -> Aliases:
        """Return the aliases, at most about a second old.

        When the store cannot be read the last known ones go on being used.

        Raises:
            StoreError: The store cannot be read and nothing is known.
        """
        due = self._clock() - self._read_at >= ALIAS_TTL_S
        known = self._aliases.champion is not None
        # One thread reads; the others go on with what is known, if anything is.
        if due and self._reading.acquire(blocking=not known):
            try:
                self._read()
            except StoreError as error:
                if not known:
                    raise
                if self._log.allows():
                    _log.warning("aliases_not_read", error=str(error))
            finally:
                self._read_at = self._clock()
                self._reading.release()
        return self._aliases

    def served(self, alias_or_version: str = CHAMPION) -> Served:
        """Return the version by which an alias or version id is priced now.

        For the champion that is the one before while the workers do not have it, or
        while its card is damaged or not trusted.

        Raises:
            NoChampion: The champion is asked for and there is none.
            UnknownModel: There is no such alias or version.
            ArtifactError: Its card is damaged or not trusted, and nothing stands in.
            StoreError: The store cannot be read, or an alias in it leads nowhere.
        """
        version = self.resolve(alias_or_version)
        if alias_or_version != CHAMPION:
            return self._made(version, alias_or_version)
        before = self._aliases.previous
        if self._passed_over and before is not None:
            return self._made(before, PREVIOUS)
        try:
            self._champion = self._made(version, CHAMPION)
        except ArtifactError as error:
            if self._log.allows():
                _log.warning("champion_refused", error=str(error))
            return self._instead_of_champion(error)
        return self._champion

    def canary(self) -> tuple[Served | None, float]:
        """Return the challenger and the percent of the champion's jobs it prices.

        None and 0 where it has no share, where workers refuse it, and where its card
        cannot be had: then the champion prices all. Never waits for the store.
        """
        aliases = self._aliases
        version, share = aliases.challenger, aliases.share
        if version is None or not share or self._findings.refuses(version):
            return None, 0.0
        try:
            return self._made(version, CHALLENGER), share
        except ModelStoreError as error:
            if self._log.allows():
                _log.warning("challenger_not_tried", error=str(error))
            return None, 0.0

    def resolve(self, alias_or_version: str) -> str:
        """Return a version id; it is one that exists unless it came as an id.

        Raises:
            NoChampion: The champion is asked for and there is none.
            UnknownModel: The alias points nowhere, or it cannot be an id.
            StoreError: The store cannot be read.
        """
        if alias_or_version not in ALIAS_NAMES:
            if not _NAME.fullmatch(alias_or_version):
                raise UnknownModel("no model version is named like that")
            return alias_or_version
        version: str | None = getattr(self.aliases(), alias_or_version)
        if version is not None:
            return version
        if alias_or_version == CHAMPION:
            raise NoChampion
        raise UnknownModel(f"no model is {alias_or_version} now")

    def versions(self) -> list[str]:
        """Return the ids of all versions, oldest data first, trusted or not.

        Raises:
            StoreError: The store cannot be read.
        """
        return self._store.versions()

    def card(self, alias_or_version: str) -> ModelCard:
        """Return the card of the version that an alias or version id means.

        Raises:
            NoChampion: The champion is asked for and there is none.
            UnknownModel: There is no such alias or version.
            ArtifactError: It is damaged or not trusted.
            StoreError: The store cannot be read, or an alias in it leads nowhere.
        """
        return self._of_version(self._store.card, alias_or_version)

    def published_card(self, alias_or_version: str) -> bytes:
        """Return `card.json` as it was published; raises what `card` does."""
        return self._of_version(self._store.card_file, alias_or_version)

    def signer(self, alias_or_version: str) -> str:
        """Return the public key of who signed a version; raises what `card` does."""
        return self._of_version(self._store.signer, alias_or_version)

    def choices(self) -> dict[str, Any]:
        """Return what a request may name: aliases, and the newest versions.

        Raises:
            StoreError: The store cannot be read.
        """
        aliases, newest = self.aliases(), reversed(self.versions())
        meant = {name: getattr(aliases, name) for name in ALIAS_NAMES}
        return {
            "aliases": {name: version for name, version in meant.items() if version},
            "versions": list(islice(filter(self._is_sound, newest), _CHOICES)),
        }

    def _of_version(self, read: Callable[[str], _Read], alias_or_version: str) -> _Read:
        version = self.resolve(alias_or_version)
        with _blaming_the_store(alias_or_version, version):
            return read(version)

    def _read(self) -> None:
        aliases = self._store.aliases()
        self._findings = self._ask_workers()
        if aliases.champion != self._aliases.champion:
            # What is champion at the start of this process is no news to the workers.
            self._warm = self._aliases == Aliases()
            self._since, self._since_ms = self._clock(), self._findings.now
        self._aliases = aliases
        self._passed_over = self._is_passed_over(aliases, self._findings)

    def _is_passed_over(self, aliases: Aliases, found: Findings) -> bool:
        """Tell whether new jobs are for the champion before the present one."""
        champion, before = aliases.champion, aliases.previous
        if champion is None or before is None:
            return False
        if found.refuses(champion):
            return not found.refuses(before)
        self._warm = (
            self._warm
            or found.settled(champion, since_ms=self._since_ms)
            # No worker has reported of late, and nothing is to be learnt.
            or before not in found.loaded
            or self._clock() - self._since >= WARM_UP_S
        )
        return not self._warm

    def _made(self, version: str, alias_or_version: str) -> Served:
        served = self._served.get(version)
        if served is None:
            with _blaming_the_store(alias_or_version, version):
                card = self._store.card(version)
            served = self._served[version] = Served(card, _request_model(card))
        return served

    def _instead_of_champion(self, error: ArtifactError) -> Served:
        """Return the champion before one that is refused.

        Raises:
            ArtifactError: There is none that could serve.
        """
        before = self._aliases.previous
        if before is not None:
            with contextlib.suppress(ModelStoreError):
                return self._made(before, PREVIOUS)
        if self._champion is None:
            raise error
        return self._champion

    def _is_sound(self, version: str) -> bool:
        """Tell whether a version's card is as it was signed, by somebody trusted."""
        try:
            self._store.card(version)
        except (ArtifactError, UnknownModel):
            return False
        return True


@contextlib.contextmanager
def _blaming_the_store(alias_or_version: str, version: str) -> Iterator[None]:
    """Turn an unknown version that an alias means into the store's own fault."""
    try:
        yield
    except UnknownModel as error:
        if version == alias_or_version:
            raise
        # Whoever named the alias made no mistake.
        raise StoreError(
            f"the alias {alias_or_version} means version {version}, which the "
            "model store does not hold: put its folder back, or promote another "
            "with `kerbside model promote`"
        ) from error


def _request_model(card: ModelCard) -> type[PredictionRequest]:
    house: type[BaseModel] = card.schema.house_model()
    fields: dict[str, Any] = {
        "input": (house, Field(description="The house to be priced."))
    }
    return create_model("PredictionRequest", __base__=PredictionRequest, **fields)

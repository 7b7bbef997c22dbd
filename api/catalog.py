"""The model versions that this process may price with, and the request each expects."""

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, create_model

from api.errors import NoChampion
from api.request_body import PredictionRequest
from api.throttle import Throttle
from model_store.aliases import ALIAS_NAMES, Aliases
from model_store.card import ModelCard
from model_store.errors import ArtifactError, StoreError, UnknownModel
from model_store.store import ModelStore

#: Seconds for which aliases are trusted: how long after a promotion the old champion
#: may still be given new jobs.
ALIAS_TTL_S = 1.0

CHAMPION = "champion"
#: What a version may look like; anything else is not looked for in the store.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

_logger = logging.getLogger(__name__)


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
        clock: Monotonic seconds.
    """

    def __init__(
        self, store: ModelStore, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._aliases = Aliases()
        self._read_at = -ALIAS_TTL_S
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
                self._aliases = self._store.aliases()
            except StoreError as error:
                if not known:
                    raise
                if self._log.allows():
                    _logger.warning("aliases_not_read: %s", error)
            finally:
                self._read_at = self._clock()
                self._reading.release()
        return self._aliases

    def served(self, alias_or_version: str = CHAMPION) -> Served:
        """Return the version that an alias or version id means.

        Instead of a champion that is refused the one before goes on.

        Raises:
            NoChampion: The champion is asked for and there is none.
            UnknownModel: There is no such alias or version.
            ArtifactError: It is damaged or not trusted.
            StoreError: The store cannot be read, or an alias in it leads nowhere.
        """
        version = self.resolve(alias_or_version)
        served = self._served.get(version)
        if served is None:
            try:
                card = self.card(alias_or_version)
            except ArtifactError as error:
                return self._instead_of(alias_or_version, error)
            served = self._served[version] = Served(card, _request_model(card))
        if alias_or_version == CHAMPION:
            self._champion = served
        return served

    def _instead_of(self, alias_or_version: str, error: ArtifactError) -> Served:
        """Return the champion before one that is refused, as the workers go on too.

        Raises:
            ArtifactError: Something else was asked for, or there was none before.
        """
        if alias_or_version != CHAMPION or self._champion is None:
            raise error
        if self._log.allows():
            _logger.warning("champion_refused: %s", error)
        return self._champion

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
        """Return the ids of all versions that may be used, oldest data first.

        Raises:
            StoreError: The store cannot be read.
        """
        return [name for name in self._store.versions() if self._is_sound(name)]

    def card(self, alias_or_version: str) -> ModelCard:
        """Return the card of the version that an alias or version id means.

        Raises:
            NoChampion: The champion is asked for and there is none.
            UnknownModel: There is no such alias or version.
            ArtifactError: It is damaged or not trusted.
            StoreError: The store cannot be read, or an alias in it leads nowhere.
        """
        version = self.resolve(alias_or_version)
        try:
            return self._store.card(version)
        except UnknownModel as error:
            if version == alias_or_version:
                raise
            # Whoever named the alias made no mistake: the store is damaged.
            raise StoreError(
                f"the alias {alias_or_version} means version {version}, which the "
                "model store does not hold: put its folder back, or promote another "
                "with `kerbside model promote`"
            ) from error

    def _is_sound(self, version: str) -> bool:
        """Tell whether a version's card is as it was signed, by somebody trusted."""
        try:
            self._store.card(version)
        except (ArtifactError, UnknownModel):
            return False
        return True


def _request_model(card: ModelCard) -> type[PredictionRequest]:
    house: type[BaseModel] = card.schema.house_model()
    fields: dict[str, Any] = {
        "input": (house, Field(description="The house to be priced."))
    }
    return create_model("PredictionRequest", __base__=PredictionRequest, **fields)

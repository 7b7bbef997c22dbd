"""The aliases of a store: which version is champion, challenger and previous."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Literal, Self

from pydantic import ConfigDict, TypeAdapter

from model_store.errors import AliasesChanged, StoreError, UnknownModel

#: What a version may be called beside its id.
ALIAS_NAMES = ("champion", "challenger", "previous")

#: Aliases that a version can be given; `previous` comes by itself.
Post = Literal["champion", "challenger"]


@dataclass(frozen=True, slots=True)
class Aliases:
    """Which version each alias means.

    Attributes:
        generation: Grows by one at every change; 0 before the first.
        champion: Version that prices by default.
        challenger: Version that is being tried beside the champion.
        previous: Champion before the present one.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    generation: int = 0
    champion: str | None = None
    challenger: str | None = None
    previous: str | None = None

    @staticmethod
    def from_json(text: bytes) -> "Aliases":
        """Read aliases.

        Raises:
            ValueError: The text holds none.
        """
        return _ALIASES.validate_json(text)

    def to_json(self) -> bytes:
        """Return what `from_json` reads."""
        return json.dumps(asdict(self)).encode()

    def of(self, version: str) -> list[str]:
        """Return the names of the aliases that mean a version."""
        return [name for name in ALIAS_NAMES if getattr(self, name) == version]

    def expect(self, generation: int | None) -> None:
        """Refuse to go on from another generation than the one that was looked at.

        Raises:
            AliasesChanged: They were changed since.
        """
        if generation is not None and generation != self.generation:
            raise AliasesChanged(
                f"the aliases are at generation {self.generation}, expected "
                f"{generation}: they were changed meanwhile; look at them again with "
                "`kerbside model list`"
            )

    def promoted(self, version: str, post: Post) -> Self:
        """Return the aliases with a version in a post; the same if it has it already.

        A champion leaves its place to `previous`; a challenger that wins is none any
        more.

        Raises:
            StoreError: The champion cannot challenge itself.
        """
        if getattr(self, post) == version:
            return self
        if post == "challenger":
            if version == self.champion:
                raise StoreError(
                    f"{version} is the champion: expected another version to challenge "
                    "it"
                )
            return self._changed(challenger=version)
        challenger = None if self.challenger == version else self.challenger
        return self._changed(
            champion=version, previous=self.champion, challenger=challenger
        )

    def rolled_back(self) -> Self:
        """Return the aliases with champion and previous in each other's place.

        Raises:
            UnknownModel: There is no previous champion.
        """
        if self.previous is None:
            raise UnknownModel(
                "no previous champion to go back to: name a version with "
                "`kerbside model promote VERSION`"
            )
        return self.promoted(self.previous, "champion")

    def _changed(self, **names: str | None) -> Self:
        return replace(self, generation=self.generation + 1, **names)


_ALIASES: TypeAdapter[Aliases] = TypeAdapter(Aliases)

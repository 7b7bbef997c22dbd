"""The aliases of a store: which version is champion, challenger and previous.

Who has changed them stands in the same file, so that no kill comes between the two.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter

from model_store.actor import Actor
from model_store.errors import AliasesChanged, StoreError, UnknownModel

#: What a version may be called beside its id.
ALIAS_NAMES = ("champion", "challenger", "previous")

#: Percent of what is submitted for the champion that the challenger prices instead.
Share = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
#: Aliases that a version can be given; `previous` comes by itself.
Post = Literal["champion", "challenger"]
#: What may be done to them, as the audit log names it.
Operation = Literal[
    "promote_model", "rollback_model", "name_challenger", "dismiss_challenger"
]
#: Changes that the file tells of, newest last.
CHANGES_KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of the aliases that was made.

    Attributes:
        generation: Since it.
        time_ms: In ms since the epoch.
        actor: Who made it, as `actor.Actor` names him.
        operation: What was done.
        version: What it was done to.
        request_id: Of the HTTP request, if there was one.
    """

    generation: int
    time_ms: int
    actor: str
    operation: Operation
    version: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Aliases:
    """Which version each alias means.

    Attributes:
        generation: Grows by one at every change; 0 before the first.
        champion: Version that prices by default.
        challenger: Version that is being tried beside the champion.
        previous: Champion before the present one.
        share: Percent of the champion's jobs that the challenger prices.
        changes: The newest, oldest first. Who made them does not make aliases others.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    generation: int = 0
    champion: str | None = None
    challenger: str | None = None
    previous: str | None = None
    share: Share = 0.0
    changes: tuple[Change, ...] = field(default=(), compare=False)

    @staticmethod
    def from_json(text: bytes) -> "Aliases":
        """Read aliases.

        Raises:
            ValueError: The text holds none.
        """
        return _ALIASES.validate_json(text)

    def to_json(self) -> bytes:
        """Return what `from_json` reads."""
        told = asdict(self)
        if not self.share:
            # Processes of an earlier release, which know no share, read it too.
            del told["share"]
        return json.dumps(told).encode()

    def told(self) -> dict[str, Any]:
        """Return what each means, without who has changed it."""
        told = asdict(self)
        del told["changes"]
        return told

    def noting(
        self, operation: Operation, version: str, by: Actor, time_ms: int
    ) -> Self:
        """Return the same with the change that led to them; the oldest goes.

        Args:
            operation: What was done.
            version: What it was done to.
            by: Who did it.
            time_ms: When, in ms since the epoch.
        """
        change = Change(
            generation=self.generation,
            time_ms=time_ms,
            actor=by.name,
            operation=operation,
            version=version,
            request_id=by.request_id,
        )
        return replace(self, changes=(*self.changes, change)[-CHANGES_KEPT:])

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

    def promoted(self, version: str, post: Post, share: float | None = None) -> Self:
        """Return the aliases with a version in a post; the same if it has it already.

        A champion leaves its place to `previous`; a challenger that wins is none any
        more.

        Args:
            version: Its id.
            post: What it is to be.
            share: Of a challenger; None: what it has, and 0 of a new one.

        Raises:
            StoreError: The champion cannot challenge itself, and has no share.
        """
        if post == "challenger":
            return self._challenged_by(version, share)
        if share is not None:
            raise StoreError(
                "only a challenger prices a share: expected none for the champion"
            )
        if self.champion == version:
            return self
        left = self.dismissed() if self.challenger == version else self
        return replace(
            left,
            generation=self.generation + 1,
            champion=version,
            previous=self.champion,
        )

    def dismissed(self) -> Self:
        """Return the aliases without a challenger; the same if there is none."""
        if self.challenger is None:
            return self
        return replace(self, generation=self.generation + 1, challenger=None, share=0.0)

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

    def _challenged_by(self, version: str, share: float | None) -> Self:
        if version == self.champion:
            raise StoreError(
                f"{version} is the champion: expected another version to challenge it"
            )
        if share is None:
            share = self.share if version == self.challenger else 0.0
        if (version, share) == (self.challenger, self.share):
            return self
        return replace(
            self, generation=self.generation + 1, challenger=version, share=share
        )


_ALIASES: TypeAdapter[Aliases] = TypeAdapter(Aliases)

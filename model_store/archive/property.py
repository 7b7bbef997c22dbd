"""A house that a client has valued again and again, under an id of its own."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

from model_store.archive.prediction import house_hash
from model_store.archive.valuation import Valuation

#: What a client may call a property. No dot begins it: clients take `.` and `..` out of
#: an address.
PROPERTY_ID = re.compile(r"[A-Za-z0-9_~:-][A-Za-z0-9._~:-]{0,199}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A house as its tenant told it last; times in ms since the epoch."""

    tenant: str
    #: Of the client's, and its own among the tenant's.
    id: str
    #: Name of the model that values it.
    model: str
    #: The house as canonical JSON.
    input: bytes
    #: Seconds after which a valuation is stale; None: age alone makes none so.
    max_age_s: int | None = None
    #: The client's own labels as JSON.
    metadata: bytes = b"{}"
    created_ms: int
    updated_ms: int

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Read what `to_row` wrote."""
        values = {name: row[name] for name in PROPERTY_FIELDS}
        for name in _BYTES:
            values[name] = values[name].encode()
        return cls(**values)

    def to_row(self) -> dict[str, Any]:
        """Return a value for each column."""
        row = {name: getattr(self, name) for name in PROPERTY_FIELDS}
        for name in _BYTES:
            row[name] = row[name].decode()
        return row | {"input_digest": self.input_digest}

    @property
    def input_digest(self) -> str:
        """Return what the house is known by."""
        return house_hash(self.input)

    def says_what(self, other: "Property") -> bool:
        """Tell whether nothing but the time of telling differs."""
        return (
            dataclasses.replace(
                self, created_ms=other.created_ms, updated_ms=other.updated_ms
            )
            == other
        )


#: Why a valuation is not as good as a new one would be.
Staleness = Literal["max_age", "model", "input"]


class Valued(NamedTuple):
    """A property and the newest of its valuations, if it has any."""

    property: Property
    valuation: Valuation | None

    def stale_because(
        self, *, champion: str | None, now_ms: int
    ) -> tuple[Staleness, ...]:
        """Return why its valuation is stale; nothing where it has none.

        Args:
            champion: The version that is champion now; None where nobody can tell.
            now_ms: In ms since the epoch.
        """
        house, made = self.property, self.valuation
        if made is None:
            return ()
        age_ms = now_ms - made.valued_ms
        found: dict[Staleness, bool] = {
            "max_age": house.max_age_s is not None and age_ms > house.max_age_s * 1000,
            "model": champion is not None and made.version != champion,
            "input": made.input_digest != house.input_digest,
        }
        return tuple(name for name, is_so in found.items() if is_so)


#: Its fields, and columns of the table.
PROPERTY_FIELDS = tuple(one.name for one in dataclasses.fields(Property))
_BYTES = ("input", "metadata")

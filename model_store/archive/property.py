"""A house that a client has valued again and again, under an id of its own."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from model_store.archive.prediction import house_hash
from model_store.archive.valuation import Valuation


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


class Valued(NamedTuple):
    """A property and the newest of its valuations, if it has any."""

    property: Property
    valuation: Valuation | None


class Portfolio(NamedTuple):
    """How many properties a tenant has valued by a model."""

    model: str
    tenant: str
    size: int


#: Its fields, and columns of the table.
PROPERTY_FIELDS = tuple(one.name for one in dataclasses.fields(Property))
_BYTES = ("input", "metadata")

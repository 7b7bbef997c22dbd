"""What a tenant tells of one sale."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Self

#: What became of an outcome: it is new, took the place of another one of the same sale,
#: or said what was known.
Recording = Literal["new", "correction", "known"]

#: Days between two outcomes of a house that may still be of one sale. Of the shipped
#: sales 186 follow another one of the same house: six within 17 days, the others after
#: 47 or more.
SAME_SALE_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A realised sale."""

    tenant: str
    #: Id of the sale; of one sale the last outcome counts. See `sale_id`.
    subject: str
    #: The prediction that it judges, if any is known.
    prediction_id: str | None = None
    #: The property that was sold, if it is known as that.
    property_id: str | None = None
    #: The house as canonical JSON and its `predictions.house_hash`, if known.
    house: bytes | None = None
    house_hash: str | None = None
    price: float
    sold_on: dt.date
    #: When it was told, in ms since the epoch.
    recorded_ms: int

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Read what `to_row` wrote."""
        values = {name: row[name] for name in _FIELDS}
        return cls(**values | {"house": row["house"] and row["house"].encode()})

    def to_row(self) -> dict[str, Any]:
        """Return a value for each column."""
        row = {name: getattr(self, name) for name in _FIELDS}
        return row | {"house": self.house and self.house.decode()}

    def says_what(self, other: "Outcome") -> bool:
        """Tell whether nothing but the time of telling differs."""
        return replace(self, subject="", house=None, recorded_ms=0) == replace(
            other, subject="", house=None, recorded_ms=0
        )


class Recorded(NamedTuple):
    """What became of an outcome, and what counts of its sale now."""

    became: Recording
    outcome: Outcome


class Told(NamedTuple):
    """An outcome as it was told, whether it counts still or not."""

    #: Grows with each that is told.
    number: int
    outcome: Outcome
    #: When a correction took its place, in ms since the epoch; None: it counts.
    superseded_ms: int | None


_FIELDS = tuple(Outcome.__dataclass_fields__)


def sale_id(tenant: str, about: str) -> str:
    """Return the id of a sale.

    Args:
        tenant: Who tells of it.
        about: The id of a prediction, `property:` and the id of a property, `house:`
            and the hash of a house, or, of what was sold again, the id of its other
            sale.
    """
    digest = hashlib.blake2b(f"{tenant} {about}".encode(), digest_size=12)
    return f"out_{digest.hexdigest()}"

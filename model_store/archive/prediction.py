"""A prediction that has ended, as the ledger had it, and what it quoted."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A prediction as the ledger knew it at one instant; times in ms since the epoch.

    With `further` it holds all that the ledger's record held, each JSON byte for byte.
    """

    id: str
    tenant: str
    model: str
    version: str
    #: Alias by which the version was named; None where it was named by its id.
    alias: str | None = None
    #: The house as canonical JSON.
    input: bytes
    state: str
    sequence: int
    created_ms: int
    detail: str | None = None
    #: The client's own labels as JSON.
    metadata: bytes = b"{}"
    fingerprint: str = ""
    attempts: int = 0
    started_ms: int | None = None
    completed_ms: int | None = None
    #: What was answered, as JSON.
    output: bytes | None = None
    error: str | None = None
    #: All other fields of the record, by name.
    further: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Read what `to_row` wrote."""
        values = {name: row[name] for name in FIELDS}
        for name in _BYTES:
            text = values[name]
            values[name] = None if text is None else text.encode()
        return cls(**values | {"further": json.loads(values["further"])})

    def to_row(self) -> dict[str, Any]:
        """Return a value for each column, those for comparisons too."""
        row = {name: getattr(self, name) for name in FIELDS}
        for name in _BYTES:
            row[name] = None if row[name] is None else row[name].decode()
        # PostgreSQL keeps no zero byte in a text; JSON has none.
        row["error"] = self.error and self.error.replace("\0", "")
        row["further"] = json.dumps(dict(self.further))
        return row | {"house_hash": house_hash(self.input)} | _quoted(self.output)


#: Its fields, and columns of the table.
FIELDS = tuple(one.name for one in dataclasses.fields(Prediction))
_BYTES = ("input", "metadata", "output")


def house_hash(canonical: bytes) -> str:
    """Return what a house is known by: a hash of its canonical JSON."""
    return hashlib.sha256(canonical).hexdigest()


def _quoted(output: bytes | None) -> dict[str, Any]:
    """Return what an answer quoted, by column; each None where there is no answer."""
    told = json.loads(output) if output else {}
    interval, model = told.get("interval", {}), told.get("model", {})
    return {
        "digest": model.get("digest"),
        "currency": told.get("currency"),
        "price": told.get("price"),
        "low": interval.get("low"),
        "high": interval.get("high"),
        "level": interval.get("level"),
        "fsd": told.get("fsd"),
        "in_distribution": told.get("in_distribution"),
    }

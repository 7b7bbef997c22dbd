"""A price that was made ahead of time, for a property."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """What a model version said of a property at one instant."""

    tenant: str
    property_id: str
    #: The prediction or the batch that made it: of one there is one valuation.
    source_id: str
    #: In ms since the epoch.
    valued_ms: int
    model: str
    version: str
    #: `prediction.house_hash` of what was priced.
    input_digest: str
    #: What was answered, as JSON.
    output: bytes

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> Self:
        """Read what `to_row` wrote."""
        values = {name: row[name] for name in VALUATION_FIELDS}
        return cls(**values | {"output": row["output"].encode()})

    def to_row(self) -> dict[str, Any]:
        """Return a value for each column, those for comparisons too."""
        row = {name: getattr(self, name) for name in VALUATION_FIELDS}
        told = json.loads(self.output)
        interval = told["interval"]
        return row | {
            "output": self.output.decode(),
            "price": told["price"],
            "low": interval["low"],
            "high": interval["high"],
        }


#: Its fields, and columns of the table.
VALUATION_FIELDS = tuple(one.name for one in dataclasses.fields(Valuation))

"""What answers about properties and their valuations look like."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.body import Body
from api.schemas.predictions import Output


class PropertyUrls(Body):
    """Where to go on from a property."""

    get: str
    valuation: str
    valuations: str


class Property(Body):
    """A house under an id of your own."""

    id: str
    object: Literal["property"]
    model: str
    input: dict[str, Any]
    max_age: int | None = Field(
        description="Seconds after which a valuation is stale; null: age makes none so."
    )
    metadata: dict[str, str]
    created_at: datetime
    updated_at: datetime
    urls: PropertyUrls


class ValuationFigures(Body):
    """The newest price of a property, in short."""

    price: int
    currency: str
    low: int
    high: int
    version: str
    valued_at: datetime


class ListedProperty(Property):
    """A property in a list, with its newest price."""

    valuation: ValuationFigures | None = Field(
        description="Null until it has been valued."
    )


class PropertyList(Body):
    """Your properties, by their ids."""

    results: list[ListedProperty]
    next: str | None
    previous: str | None


class _Made(Body):
    object: Literal["valuation"]
    source: str = Field(description="Id of the prediction, or the batch, that made it.")
    model: str
    version: str
    valued_at: datetime
    output: Output


class Valuation(_Made):
    """The stored price of a property."""

    property: str
    max_age: int | None
    stale: bool
    stale_because: list[Literal["max_age", "model", "input"]] = Field(
        description="`max_age`: it is older than that; `model`: another version is "
        "champion by now; `input`: the property was changed since."
    )
    refresh: str | None = Field(
        description="The prediction that makes a new one, where it is stale."
    )


class PastValuation(_Made):
    """One of the prices that a property had."""

    change: int | None = Field(
        description="Its price less that of the one before; null where there is none."
    )


class ValuationList(Body):
    """The prices that a property had, newest first."""

    results: list[PastValuation]
    next: str | None
    previous: str | None

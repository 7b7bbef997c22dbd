"""What operators are told of the houses that a model prices."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.body import Body


class DriftBin(Body):
    """A step of values, or a category."""

    category: str | None = Field(
        description="Null for a step of a number, and for all other categories."
    )
    low: float | None = Field(description="Where it begins; null: no value is below.")
    high: float | None = Field(
        description="Where the next one begins; null: it has no end."
    )
    expected: float | None = Field(
        description="Share of the sales in it; null where the card does not say."
    )
    observed: float = Field(description="Share of the houses in it, of those with any.")


class DriftValues(Body):
    """How values are spread, beside what is expected."""

    psi: float | None = Field(
        description="Population stability index; null where the card has no bins."
    )
    psi_limit: float | None = Field(
        description="Up to here it is chance, or does not matter."
    )
    ks: float | None = Field(
        description="Kolmogorov and Smirnov's distance; null for categories as well."
    )
    ks_limit: float | None = Field(description="The same of the distance.")
    bins: list[DriftBin]


class DriftFeature(DriftValues):
    """A feature of the houses beside that of the sales."""

    feature: str
    kind: Literal["integer", "number", "category"]
    unit: str | None
    verdict: Literal["drift", "stable", "unknown"] = Field(
        description="`unknown`: the card has nothing to compare with."
    )
    reasons: list[Literal["psi", "ks", "missing", "unknown"]] = Field(
        description="What has passed its limit."
    )
    since: datetime | None = Field(
        description="Since when the upkeep finds it changed; null: it does not."
    )
    missing: float = Field(description="Share of the houses that lack it.")
    missing_expected: float = Field(description="Share of the sales that lack it.")
    unknown: float = Field(description="Share with a category that no sale has.")
    flagged: float = Field(
        description="Share that is flagged as unlike the sales in it."
    )


class DriftFlags(Body):
    """Shares of the houses that are unlike the sales as a whole."""

    unlike_sales: float
    far_from_sales: float


class DriftPoint(Body):
    """How many houses were priced in a stretch of time."""

    time: datetime = Field(description="When it began.")
    houses: int


class DriftVolume(Body):
    """When the houses were priced; stretches without any are left out."""

    step_s: int = Field(description="Seconds of each stretch.")
    points: list[DriftPoint]


class DriftReport(Body):
    """What a window of priced houses says, beside the sales of their model."""

    version: str
    currency: str
    window: Literal["recent", "1d", "7d", "30d"]
    from_: datetime = Field(alias="from")
    to: datetime
    houses: int
    verdict: Literal["drift", "stable", "unknown"] = Field(
        description="`drift`: at least one feature has changed."
    )
    flagged: float = Field(
        description="Share of the houses that are unlike the sales in some respect."
    )
    flags: DriftFlags
    features: list[DriftFeature] = Field(description="In the schema's order.")
    prices: DriftValues = Field(
        description="Expected is what the recipe answered for the sales of its test."
    )
    widths: DriftValues = Field(
        description="Of ranges, as shares of the price; expected as with prices."
    )
    volume: DriftVolume

"""The card of a model version: what it is, what it was made from, how good it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from model_store.errors import ArtifactError
from model_store.schema import Schema


@dataclass(frozen=True)
class Interval:
    """How price, range and forecast standard deviation were made honest.

    Attributes:
        level: Share of sales that the range is meant to hold, 0 to 1.
        method: Name of the method.
        step: Added to every log price, for what the market did last.
        below: Reach of the range below the price, in a house's spread on that side.
        above: Reach of the range above the price, in a house's spread on that side.
        fsd: Forecast standard deviation, in a house's mean spread of both sides.
        calibrated_on: First and last sale date of the calibration sales.
        n: Number of calibration sales.
    """

    level: float
    method: str
    step: float
    below: float
    above: float
    fsd: float
    calibrated_on: tuple[date, date]
    n: int


@dataclass(frozen=True)
class Bins:
    """How values lie, in a few steps.

    Attributes:
        edges: Where each bin but the first begins, ascending.
        shares: Share of the known values in each bin, one more than edges.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class FeatureProfile:
    """One feature among the sales that a model was fitted to.

    Attributes:
        name: The feature.
        missing: Share of sales without it; a year 0, which means never, counts.
        low: At most 5 of 10,000 sales lie below; None for categories.
        high: At most 5 of 10,000 sales lie above; None for categories.
        deciles: Values at 0, 10 ... 100 % of the sales; empty for categories.
        shares: Share of sales of the most frequent categories.
        bins: How its known values lie; None for categories, where all are one, and
            on cards of versions that were trained before there were any.
    """

    name: str
    missing: float
    low: float | None = None
    high: float | None = None
    deciles: tuple[float, ...] = ()
    shares: Mapping[str, float] | None = None
    bins: Bins | None = None


@dataclass(frozen=True)
class Profile:
    """The sales that a model was fitted to.

    Attributes:
        features: In the schema's order.
        unlikeness: Difference from its likest neighbour beyond which a house is
            flagged, in tenths of log price.
        remoteness: Km to its nearest neighbour beyond which a house is flagged.
        sales: How many they are; 0 where the card does not say.
        prices: How the prices lie that the recipe gave to sales it had not seen.
        widths: The same of the width of their ranges, as a share of the price.
    """

    features: tuple[FeatureProfile, ...]
    unlikeness: float
    remoteness: float
    sales: int = 0
    prices: Bins | None = None
    widths: Bins | None = None


@dataclass(frozen=True)
class ModelCard:
    """What is published about a model version; `card.json` in its folder.

    Attributes:
        name: Name of the model, the same over its versions.
        version: Last sale date and digest, for instance `20150527-1a2b3c4d`.
        digest: `sha256:` and the digest of model, parity rows and this card's
            lasting part; the same data, seed and libraries give the same digest.
        trained_at: When it was trained, UTC.
        as_of: Date that prices stand at: the last sale date.
        currency: ISO 4217 code of every price.
        data: Name, licence, source, size and window of the sales.
        metrics: Accuracy on a later period that the measured model never saw.
        interval: Calibration of the range.
        schema: What a house must look like.
        profile: The sales that it was fitted to.
        training: Recipe, seed and library versions.
        examples: Real sales: `{"house": ..., "sold_for": ..., "sold_on": ...}`.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    version: str
    digest: str
    trained_at: datetime
    as_of: date
    currency: str
    data: dict[str, Any]
    metrics: dict[str, Any]
    interval: Interval
    schema: Schema
    profile: Profile
    training: dict[str, Any] = field(default_factory=dict)
    examples: tuple[dict[str, Any], ...] = ()

    @staticmethod
    def from_json(text: bytes) -> "ModelCard":
        """Read a card.

        Raises:
            ArtifactError: The text is not a card.
        """
        try:
            return _CARD.validate_json(text)
        except ValidationError as error:
            raise ArtifactError(f"not a model card: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return the card as JSON-ready values."""
        card: dict[str, Any] = _CARD.dump_python(self, mode="json")
        card["schema"] = self.schema.to_dict()
        return card


_CARD: TypeAdapter[ModelCard] = TypeAdapter(ModelCard)

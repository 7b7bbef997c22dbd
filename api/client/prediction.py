"""A prediction as the API tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Prediction:
    """A prediction as it stood when it was read; it has a price once it succeeded.

    Attributes:
        id: By which it is read again.
        status: `starting`, `processing`, `succeeded`, `failed` or `canceled`.
        error: Why it failed.
        price: In `currency`, whole.
        low: Least price of the range.
        high: Greatest price of the range.
        currency: ISO 4217.
        level: Share of sales that such ranges are to hold.
        fsd: Forecast standard deviation, as a share of the price.
        confidence: 0 to 100.
        in_distribution: Whether the house is like those of the sales.
        flags: What is unusual, as `feature:code`, separated by spaces.
        model_version: Id of the model version.
        output: All that comes with the price; empty without one.
        raw: The whole answer.
    """

    id: str
    status: str
    error: str | None
    price: int | None
    low: int | None
    high: int | None
    currency: str | None
    level: float | None
    fsd: float | None
    confidence: int | None
    in_distribution: bool | None
    flags: str
    model_version: str
    output: Mapping[str, Any] = field(repr=False, compare=False)
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read a prediction as the API sends it."""
        output = raw["output"] or {}
        interval = output.get("interval", {})
        flags = [(one["feature"], one["code"]) for one in output.get("flags", ())]
        return cls(
            id=raw["id"],
            status=raw["status"],
            error=raw.get("error"),
            price=output.get("price"),
            low=interval.get("low"),
            high=interval.get("high"),
            currency=output.get("currency"),
            level=interval.get("level"),
            fsd=output.get("fsd"),
            confidence=output.get("confidence", {}).get("score"),
            in_distribution=output.get("in_distribution"),
            flags=" ".join(f"{name or 'house'}:{code}" for name, code in flags),
            model_version=raw["version"],
            output=output,
            raw=raw,
        )

    @property
    def has_ended(self) -> bool:
        """Whether it stays as it is, unless it is retried."""
        return self.status in {"succeeded", "failed", "canceled"}

"""What answers about realised sales look like."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.body import Body
from model_store.archive.outcome import SAME_SALE_DAYS


class _Sale(Body):
    id: str = Field(description="The same for all that is told of one sale.")
    object: Literal["outcome"]
    prediction_id: str | None = Field(
        description="The prediction it was told of; null: it was told of a property "
        "or a house."
    )
    property_id: str | None = Field(description="The property it was told of, if any.")
    price: float
    sold_on: date
    recorded_at: datetime


class RecordedOutcome(_Sale):
    """A sale that was told, and what became of it."""

    became: Literal["new", "correction", "known"] = Field(
        description="`correction`: it took the place of what was told before of the "
        "same sale: of the same prediction or, where no prediction is named, of the "
        f"same property or house and a day at most {SAME_SALE_DAYS} days off."
    )


class RecordedOutcomes(Body):
    """All sales of a request, in its order."""

    results: list[RecordedOutcome]
    new: int = Field(description="Sales that nothing had been told of.")
    corrections: int = Field(description="Sales that were told differently before.")
    known: int = Field(description="Sales that were told before as they are.")


class Outcome(_Sale):
    """What was told of a sale, once."""

    input: dict[str, Any] | None = Field(
        description="The house; null where a prediction was named."
    )
    superseded_at: datetime | None = Field(
        description="When a correction took its place; null: it counts."
    )


class OutcomeList(Body):
    """What you have told, the last first."""

    results: list[Outcome]
    next: str | None
    previous: str | None

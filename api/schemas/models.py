"""What answers about models look like."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from api.schemas.body import Body


class ModelSummary(Body):
    """A model version in a list."""

    name: str
    version: str
    digest: str
    trained_at: datetime
    as_of: date
    currency: str
    metrics: dict[str, Any]
    aliases: list[str]


class ModelList(Body):
    """All model versions, newest data first."""

    results: list[ModelSummary]
    refused: list[str] = Field(
        description="Versions whose card is damaged or not trusted."
    )
    next: str | None
    previous: str | None


class Refusal(Body):
    """Why workers do not load a model version, and how often they tried."""

    reason: str
    since: datetime
    last: datetime
    count: int


class Model(ModelSummary):
    """The card of a model version."""

    refused: Refusal | None = Field(
        default=None,
        description="For keys with the scope `operate`, while a worker refuses it.",
    )
    data: dict[str, Any]
    interval: dict[str, Any]
    input_schema: dict[str, Any] = Field(alias="schema")
    profile: dict[str, Any] = Field(
        description="What the sales look like that it learnt from."
    )
    training: dict[str, Any]
    examples: list[dict[str, Any]]


class ModelAliases(Body):
    """What each alias means."""

    generation: int = Field(description="Grows by one at every change.")
    champion: str | None
    challenger: str | None
    previous: str | None = Field(description="The champion before the present one.")
    share: float = Field(
        description="Percent of what is submitted for the champion that the challenger "
        "prices in its place."
    )

"""What answers about predictions look like."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.body import Body

Status = Literal["starting", "processing", "succeeded", "failed", "canceled"]


class Interval(Body):
    """Range that holds the price with the stated probability."""

    low: int
    high: int
    level: float
    method: str


class Confidence(Body):
    """How sure a price is, for readers who want one figure or one word."""

    score: int = Field(ge=0, le=100, description="100 would be certain.")
    band: Literal["high", "medium", "low"]


class Flag(Body):
    """One way in which a house is unlike those that the model learnt from."""

    feature: str | None = Field(description="Null where it is about several together.")
    code: str
    value: float | str | None = Field(description="What the house has there.")
    detail: str


class Comparable(Body):
    """A sale near by, of a house much like this one."""

    sold_on: date
    price: int = Field(description="What was paid.")
    price_as_of: int = Field(description="The same, brought to the date in `as_of`.")
    distance_m: int | None = Field(
        default=None, description="Absent where the market has no coordinates."
    )
    house: dict[str, float | str | None] = Field(description="A few features, by name.")


class Reason(Body):
    """What one feature does to a price."""

    feature: str
    effect: float = Field(
        description="Share of the price that it adds, or takes where negative."
    )


class OutputModel(Body):
    """Model that made a price."""

    name: str
    version: str
    alias: str | None = Field(
        description="Alias that led to it: the one that the request named, or "
        "`challenger` where that prices a share in the champion's place; null where "
        "the request named the version."
    )
    digest: str
    trained_at: datetime


class Output(Body):
    """Price of a house, in the currency given."""

    price: int
    currency: str
    interval: Interval
    fsd: float = Field(
        ge=0,
        description="Forecast standard deviation, as a share of the price: two sales "
        "of three lie within it.",
    )
    confidence: Confidence
    as_of: date = Field(description="Date that the price stands at.")
    in_distribution: bool = Field(
        description="Whether the model has learnt from houses like this one."
    )
    flags: list[Flag] = Field(
        description="What is unusual about the house; often nothing."
    )
    comparables: list[Comparable] = Field(max_length=5)
    base: int | None = Field(
        default=None,
        description="With `explain`: the price that the reasons start from.",
    )
    reasons: list[Reason] | None = Field(
        default=None, description="With `explain`: what each feature does to the base."
    )
    model: OutputModel


class Metrics(Body):
    """Durations in seconds, as far as they have passed."""

    predict_time: float | None = None
    queue_time: float | None = None
    total_time: float | None = None


class Urls(Body):
    """Where to go on."""

    get: str
    cancel: str
    web: str = Field(description="The page that shows it to people.")


class Prediction(Body):
    """A prediction, as poll and list tell it."""

    id: str
    object: Literal["prediction"]
    model: str
    version: str
    input: dict[str, Any]
    output: Output | None
    error: str | None
    logs: str
    status: Status
    state_detail: (
        Literal[
            "queued",
            "running",
            "retrying",
            "model_error",
            "dead",
            "by_client",
            "by_operator",
            "deadline_exceeded",
        ]
        | None
    )
    sequence: int = Field(description="Grows by one at each change.")
    attempts: int
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime | None = Field(description="When the result is removed.")
    property: str | None = Field(
        default=None, description="Your id of the property that it values, if any."
    )
    queue_position: int | None = Field(
        default=None, description="While it waits: 1 starts next."
    )
    estimated_start: datetime | None = Field(
        default=None,
        description="While it waits, and jobs end: when it is expected to start.",
    )
    metrics: Metrics
    metadata: dict[str, str]
    webhook: str | None
    webhook_events_filter: list[str] | None
    webhook_status: Literal["pending", "delivered", "failed"] | None = Field(
        default=None,
        description="With `webhook`, to who reads it: what became of the event of "
        "its end.",
    )
    urls: Urls
    data_removed: bool
    source: str


class PredictionList(Body):
    """A page of predictions, newest first."""

    results: list[Prediction]
    next: str | None = Field(description="URL of the page of older ones.")
    previous: str | None = Field(description="URL of the page of newer ones.")

"""What answers look like: for the OpenAPI document and the tests, not at work."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Interval(_Answer):
    """Range that holds the price with the stated probability."""

    low: int
    high: int
    level: float
    method: str


class Confidence(_Answer):
    """How sure a price is, for readers who want one figure or one word."""

    score: int = Field(ge=0, le=100, description="100 would be certain.")
    band: Literal["high", "medium", "low"]


class Flag(_Answer):
    """One way in which a house is unlike those that the model learnt from."""

    feature: str | None = Field(description="Null where it is about several together.")
    code: str
    value: float | str | None = Field(description="What the house has there.")
    detail: str


class Comparable(_Answer):
    """A sale near by, of a house much like this one."""

    sold_on: date
    price: int = Field(description="What was paid.")
    price_as_of: int = Field(description="The same, brought to the date in `as_of`.")
    distance_m: int | None = Field(
        default=None, description="Absent where the market has no coordinates."
    )
    house: dict[str, float | str | None] = Field(description="A few features, by name.")


class Reason(_Answer):
    """What one feature does to a price."""

    feature: str
    effect: float = Field(
        description="Share of the price that it adds, or takes where negative."
    )


class OutputModel(_Answer):
    """Model that made a price."""

    name: str
    version: str
    alias: str | None = Field(
        description="By which the request named it; null where it named the version."
    )
    digest: str
    trained_at: datetime


class Output(_Answer):
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


class Metrics(_Answer):
    """Durations in seconds, as far as they have passed."""

    predict_time: float | None = None
    queue_time: float | None = None
    total_time: float | None = None


class Urls(_Answer):
    """Where to go on."""

    get: str
    cancel: str


class Prediction(_Answer):
    """A prediction, as poll and list tell it."""

    id: str
    object: Literal["prediction"]
    model: str
    version: str
    input: dict[str, Any]
    output: Output | None
    error: str | None
    logs: str
    status: Literal["starting", "processing", "succeeded", "failed", "canceled"]
    state_detail: (
        Literal[
            "queued",
            "running",
            "retrying",
            "model_error",
            "dead",
            "by_client",
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
    urls: Urls
    data_removed: bool
    source: str


class PredictionList(_Answer):
    """A page of predictions, newest first."""

    results: list[Prediction]
    next: str | None = Field(description="URL of the page of older ones.")
    previous: str | None = Field(description="URL of the page of newer ones.")


class ModelSummary(_Answer):
    """A model version in a list."""

    name: str
    version: str
    digest: str
    trained_at: datetime
    as_of: date
    currency: str
    metrics: dict[str, Any]
    aliases: list[str]


class ModelList(_Answer):
    """All model versions, newest data first."""

    results: list[ModelSummary]
    refused: list[str] = Field(
        description="Versions whose card is damaged or not trusted."
    )
    next: str | None
    previous: str | None


class Refusal(_Answer):
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


class Lane(_Answer):
    """Open work of a lane; each open job counts once."""

    waiting: int
    running: int
    backlog: int
    oldest_age_s: float
    workers: int
    arrivals_per_s: float
    jobs_per_s: float
    paused: bool


class Scaler(_Answer):
    """What an autoscaler needs to know."""

    queues: dict[str, Lane]


class Health(_Answer):
    """This process answers."""

    status: Literal["ok"]


class Ready(_Answer):
    """This process can take submits."""

    status: Literal["ready"]
    champion: str


class Choices(_Answer):
    """What a request may name as its model version."""

    aliases: dict[str, str] = Field(description="Alias -> the version that it means.")
    versions: list[str] = Field(
        description="Version ids, newest data first; the last few."
    )


class FieldError(_Answer):
    """One reason why a request is not valid."""

    pointer: str = Field(description="JSON pointer into the request body.")
    detail: str
    code: str
    known: Choices | None = Field(
        default=None, description="Where a model version is not known: what is."
    )


class Problem(BaseModel):
    """An error, RFC 9457; `type` names its cause."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] | None = Field(
        default=None, description="With 422: every reason."
    )
    prediction: str | None = Field(
        default=None, description="The prediction that holds an Idempotency-Key."
    )
    id: str | None = Field(default=None, description="With 410: what was removed.")
    completed_at: datetime | None = Field(default=None, description="With 410.")
    deleted_at: datetime | None = Field(
        default=None, description="With 410, where you deleted it."
    )
    reason: str | None = Field(
        default=None, description="With 410: `retention` or `deleted`."
    )
    data_removed: bool | None = Field(
        default=None, description="With 410: house and price are gone."
    )
    refused: Refusal | None = Field(
        default=None, description="Why workers refuse a model version, for operators."
    )

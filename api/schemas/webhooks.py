"""What answers about webhooks look like, and the events that are sent."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from api.schemas.batches import Batch
from api.schemas.body import Body
from api.schemas.predictions import Prediction, Status


class Webhook(Body):
    """An endpoint, where a tenant's events go."""

    id: str
    object: Literal["webhook"]
    url: str | None = Field(description="Null of `default`: each request brings one.")
    events: list[str] = Field(description="Types, families and `*`.")
    description: str
    enabled: bool
    disabled_reason: Literal["by_client", "gone", "failing"] | None = Field(
        description="`gone`: it answered 410; `failing`: with nothing but failures."
    )
    disabled_at: datetime | None
    created_at: datetime | None = Field(description="Null of `default`.")
    pending: int = Field(description="Deliveries under way.")
    dropped: int = Field(
        description="Events that were not sent, since it was disabled or too many "
        "waited; they can be recovered."
    )
    failing_since: datetime | None = Field(
        description="Since when it has answered with nothing but failures."
    )
    last_delivered_at: datetime | None
    paused_until: datetime | None = Field(
        description="Until when it is left in peace after failures."
    )


class NewWebhook(Webhook):
    """An endpoint just registered, with its secret."""

    secret: str = Field(description="Keep it: it is not shown again.")


class WebhookList(Body):
    """All endpoints of a tenant, oldest first."""

    results: list[Webhook]
    next: None
    previous: None


class RotatedSecret(Body):
    """A new secret; it signs from now on."""

    secret: str = Field(description="Keep it: it is not shown again.")
    previous_signs_until: datetime = Field(
        description="Until then each event carries a signature of the old one too."
    )


class DefaultSecret(Body):
    """The secret that signs the events of requests' own `webhook`."""

    key: str


class Attempt(Body):
    """One attempt at a delivery."""

    at: datetime
    status_code: int | None = Field(description="Null where no answer came.")
    duration: float = Field(description="Seconds.")
    response: str = Field(description="How the answer began, as text.")
    error: str | None = Field(description="`word: what happened`; the word is stable.")


class EventName(Body):
    """Which event."""

    id: str = Field(description="The `webhook-id` of each attempt.")
    type: str


class Delivery(Body):
    """One event on its way to one receiver."""

    id: str
    object: Literal["delivery"]
    webhook: str = Field(
        description="Id of the endpoint; `default`: the URL that the request brought."
    )
    event: EventName
    prediction: str | None = Field(description="Id of the one that it is about.")
    status: Literal["pending", "delivered", "failed", "canceled"]
    status_detail: str = Field(description="The finer truth, or why.")
    created_at: datetime
    next_attempt_at: datetime | None
    completed_at: datetime | None
    attempts: list[Attempt]


class DeliveryList(Body):
    """A page of deliveries, newest first."""

    results: list[Delivery]
    next: str | None = Field(description="URL of the page of older ones.")
    previous: str | None = Field(description="URL of the page of newer ones.")


class Recovered(Body):
    """What is sent again."""

    recovered: int = Field(description="How many deliveries.")


class ThinPrediction(Body):
    """A prediction that is too large for an event: read it at `result_url`."""

    id: str
    object: Literal["prediction"]
    status: Status
    state_detail: str | None
    sequence: int
    result_url: str


class PredictionEvent(Body):
    """What is sent when something has happened to a prediction."""

    type: Literal[
        "prediction.started",
        "prediction.succeeded",
        "prediction.failed",
        "prediction.canceled",
    ]
    timestamp: datetime = Field(description="When it happened.")
    data: Prediction | ThinPrediction = Field(
        description="The prediction as it was then; above 20 kB it is named only."
    )


class BatchEvent(Body):
    """What is sent when a batch has come further, or has ended."""

    type: Literal[
        "batch.progress",
        "batch.completed",
        "batch.failed",
        "batch.canceled",
        "batch.expired",
    ]
    timestamp: datetime = Field(description="When it happened.")
    data: Batch = Field(description="The batch as it was then.")


class Revaluation(Body):
    """What a revaluation of all properties of a model came to."""

    batch: str = Field(description="Id of its batch, which has prices and errors.")
    model: str
    version: str = Field(description="The version that valued them.")
    properties: int = Field(description="How many there were when it began.")
    stored: int = Field(description="How many have a new valuation.")
    failed: int = Field(description="How many this version cannot price.")
    compared: int = Field(
        description="Those stored that had a valuation before; the rest is of these."
    )
    moved: int = Field(description="Whose price differs by more than 5 % from it.")
    value_before: int = Field(description="What all of them were worth together.")
    value_after: int = Field(description="What they are worth.")
    currency: str | None = Field(
        description="ISO 4217 code of both; null if the version was removed since."
    )


class PortfolioEvent(Body):
    """What a tenant is sent when all its properties have been valued anew."""

    type: Literal["portfolio.revalued"]
    timestamp: datetime = Field(description="When all of it was stored.")
    data: Revaluation


class DisabledEndpoint(Body):
    """An endpoint that was disabled, not by its client."""

    id: str
    url: str
    reason: Literal["gone", "failing"]
    disabled_at: datetime


class EndpointEvent(Body):
    """What a tenant's other endpoints are sent when one was disabled."""

    type: Literal["endpoint.disabled"]
    timestamp: datetime = Field(description="When it happened.")
    data: DisabledEndpoint


class Promotion(Body):
    """Which version has what post now."""

    alias: Literal["champion", "challenger"] = Field(description="The post.")
    version: str = Field(description="The version that has it now.")
    replaced: str | None = Field(description="The version that had it; null: none.")
    generation: int = Field(description="That of the aliases since.")


class PromotionEvent(Body):
    """What operators are sent when a post goes to another version."""

    type: Literal["model.promoted", "model.rolled_back"]
    timestamp: datetime = Field(description="When it was noticed.")
    data: Promotion


class Degradation(Body):
    """By which measure a model is worse than it was."""

    version: str
    measure: Literal["bias", "mdape", "coverage"]
    value: float = Field(description="What the sales since say.")
    expected: float = Field(description="What its card says.")
    outcomes: int = Field(description="How many sales that rests on.")
    since: date | None = Field(description="Sale date of the first of them.")


class DegradationEvent(Body):
    """What operators are sent when realised sales raise an alarm."""

    type: Literal["model.degraded"]
    timestamp: datetime = Field(description="When it was found.")
    data: Degradation


class DriftFinding(Body):
    """One thing that is not what the model was trained on."""

    feature: str | None = Field(description="Null: it is about prices, or all houses.")
    measure: str = Field(description="What was measured, such as `psi`.")
    value: float
    threshold: float = Field(description="Above it the alarm is raised.")


class Drift(Body):
    """What is not what the model was trained on, and over which houses."""

    version: str
    houses: int = Field(description="How many that rests on.")
    since: datetime = Field(description="When the first of them was priced.")
    findings: list[DriftFinding] = Field(description="The gravest first.")


class DriftEvent(Body):
    """What operators are sent when inputs or prices have drifted."""

    type: Literal["drift.detected"]
    timestamp: datetime = Field(description="When it was found.")
    data: Drift

"""What answers look like: for the OpenAPI document and the tests, not at work."""

from api.schemas.accuracy import Accuracy
from api.schemas.drift import DriftReport
from api.schemas.keys import ApiKey, ApiKeyList, NewApiKey
from api.schemas.models import (
    ChallengerComparison,
    Model,
    ModelAliases,
    ModelList,
    Refusal,
)
from api.schemas.operations import (
    AuditLog,
    DeadLetters,
    Health,
    LaneHistory,
    LanePurged,
    LetterActionResult,
    Queue,
    Queues,
    Ready,
    Scaler,
    WebhookHealth,
    WorkerList,
)
from api.schemas.outcomes import OutcomeList, RecordedOutcomes
from api.schemas.predictions import Output, Prediction, PredictionList
from api.schemas.problems import Choices, Problem
from api.schemas.webhooks import (
    DefaultSecret,
    DegradationEvent,
    Delivery,
    DeliveryList,
    DriftEvent,
    EndpointEvent,
    NewWebhook,
    PredictionEvent,
    PromotionEvent,
    Recovered,
    RotatedSecret,
    Webhook,
    WebhookList,
)

__all__ = [
    "Accuracy",
    "ApiKey",
    "ApiKeyList",
    "AuditLog",
    "ChallengerComparison",
    "Choices",
    "DeadLetters",
    "DefaultSecret",
    "DegradationEvent",
    "Delivery",
    "DeliveryList",
    "DriftEvent",
    "DriftReport",
    "EndpointEvent",
    "Health",
    "LaneHistory",
    "LanePurged",
    "LetterActionResult",
    "Model",
    "ModelAliases",
    "ModelList",
    "NewApiKey",
    "NewWebhook",
    "OutcomeList",
    "Output",
    "Prediction",
    "PredictionEvent",
    "PredictionList",
    "Problem",
    "PromotionEvent",
    "Queue",
    "Queues",
    "Ready",
    "RecordedOutcomes",
    "Recovered",
    "Refusal",
    "RotatedSecret",
    "Scaler",
    "Webhook",
    "WebhookHealth",
    "WebhookList",
    "WorkerList",
]

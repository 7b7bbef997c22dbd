"""What answers look like: for the OpenAPI document and the tests, not at work."""

from api.schemas.keys import ApiKey, ApiKeyList, NewApiKey
from api.schemas.models import Model, ModelList, Refusal
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
from api.schemas.predictions import Output, Prediction, PredictionList
from api.schemas.problems import Choices, Problem
from api.schemas.webhooks import (
    DefaultSecret,
    Delivery,
    DeliveryList,
    EndpointEvent,
    NewWebhook,
    PredictionEvent,
    Recovered,
    RotatedSecret,
    Webhook,
    WebhookList,
)

__all__ = [
    "ApiKey",
    "ApiKeyList",
    "AuditLog",
    "Choices",
    "DeadLetters",
    "DefaultSecret",
    "Delivery",
    "DeliveryList",
    "EndpointEvent",
    "Health",
    "LaneHistory",
    "LanePurged",
    "LetterActionResult",
    "Model",
    "ModelList",
    "NewApiKey",
    "NewWebhook",
    "Output",
    "Prediction",
    "PredictionEvent",
    "PredictionList",
    "Problem",
    "Queue",
    "Queues",
    "Ready",
    "Recovered",
    "Refusal",
    "RotatedSecret",
    "Scaler",
    "Webhook",
    "WebhookHealth",
    "WebhookList",
    "WorkerList",
]

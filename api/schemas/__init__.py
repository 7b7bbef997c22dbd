"""What answers look like: for the OpenAPI document and the tests, not at work."""

from api.schemas.keys import ApiKey, ApiKeyList, NewApiKey
from api.schemas.models import Model, ModelList, Refusal
from api.schemas.operations import AuditLog, Health, Ready, Scaler
from api.schemas.predictions import Output, Prediction, PredictionList
from api.schemas.problems import Choices, Problem

__all__ = [
    "ApiKey",
    "ApiKeyList",
    "AuditLog",
    "Choices",
    "Health",
    "Model",
    "ModelList",
    "NewApiKey",
    "Output",
    "Prediction",
    "PredictionList",
    "Problem",
    "Ready",
    "Refusal",
    "Scaler",
]

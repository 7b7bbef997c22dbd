"""What answers look like: for the OpenAPI document and the tests, not at work."""

from api.schemas.models import Model, ModelList, Refusal
from api.schemas.operations import Health, Ready, Scaler
from api.schemas.predictions import Output, Prediction, PredictionList
from api.schemas.problems import Choices, Problem

__all__ = [
    "Choices",
    "Health",
    "Model",
    "ModelList",
    "Output",
    "Prediction",
    "PredictionList",
    "Problem",
    "Ready",
    "Refusal",
    "Scaler",
]

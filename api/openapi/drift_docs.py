"""What the OpenAPI document says of the route about drift."""

from typing import Any

from api import errors
from api.errors import ServiceError
from api.openapi.described import operation, success

#: Operation id -> what the document says of it beside its path and summary.
OPERATIONS: dict[str, dict[str, Any]] = {
    "read_drift": operation(
        scopes=("operate",),
        success={200: success("The report.", "DriftReport")},
        causes=(
            errors.MissingKey,
            errors.InvalidKey,
            errors.MissingScope,
            errors.NotAcceptable,
            errors.RedisUnavailable,
            errors.StoreUnavailable,
            errors.UnknownVersion,
            errors.NoChampion,
            errors.ModelRefused,
            errors.MalformedParameter,
            ServiceError,
        ),
        parameters=("window", "drift_version"),
    ),
}

"""What the OpenAPI document says of the routes of operators."""

from typing import Any

from api import errors, ops_problems
from api.errors import ServiceError
from api.openapi.described import BODY_CAUSES, operation, success

_ANY = (
    errors.MissingKey,
    errors.InvalidKey,
    errors.MissingScope,
    errors.NotAcceptable,
    errors.RedisUnavailable,
    ServiceError,
)


def _operation(scope: str = "operate", **described: Any) -> dict[str, Any]:
    return operation(scopes=(scope,), **described)


#: Operation id -> what the document says of it beside its path and summary.
OPERATIONS: dict[str, dict[str, Any]] = {
    "read_scaler": _operation(
        "figures",
        success={200: success("Each lane.", "Scaler")},
        causes=_ANY,
    ),
    "read_history": _operation(
        "figures",
        success={200: success("The points, oldest first.", "LaneHistory")},
        causes=(*_ANY, errors.MalformedParameter),
        parameters=("lane", "minutes"),
    ),
    "read_audit": _operation(
        success={200: success("The newest actions.", "AuditLog")},
        causes=(*_ANY, errors.MalformedParameter),
        parameters=("actions",),
    ),
    "read_queues": _operation(
        "figures",
        success={200: success("Each lane.", "Queues")},
        causes=_ANY,
    ),
    "list_workers": _operation(
        success={200: success("All workers.", "WorkerList")},
        causes=_ANY,
    ),
    "list_dead_letters": _operation(
        success={200: success("The newest, and their causes.", "DeadLetters")},
        causes=(*_ANY, errors.MalformedParameter),
        parameters=("cause", "letters_version", "letters"),
    ),
    "replay_dead_letters": _operation(
        success={200: success("What became of them.", "LetterActionResult")},
        causes=(
            *_ANY,
            *BODY_CAUSES,
            errors.QueueIsFull,
            errors.MemoryIsFull,
            errors.LineTooLong,
        ),
        body="LetterAction",
    ),
    "discard_dead_letters": _operation(
        success={200: success("What became of them.", "LetterActionResult")},
        causes=(*_ANY, *BODY_CAUSES),
        body="LetterAction",
    ),
    "pause_lane": _operation(
        success={200: success("It is paused.", "Queue")},
        causes=(*_ANY, *BODY_CAUSES, ops_problems.UnknownLane, errors.MemoryIsFull),
        body="LanePause",
        is_body_required=False,
    ),
    "resume_lane": _operation(
        success={200: success("It is not paused.", "Queue")},
        causes=(*_ANY, ops_problems.UnknownLane),
    ),
    "purge_lane": _operation(
        success={200: success("What became of it.", "LanePurged")},
        causes=(*_ANY, *BODY_CAUSES, ops_problems.UnknownLane),
        body="LanePurge",
        is_body_required=False,
    ),
    "read_webhook_health": _operation(
        success={200: success("Over all tenants.", "WebhookHealth")},
        causes=_ANY,
    ),
}

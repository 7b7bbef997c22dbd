"""What the OpenAPI document says of the routes of aliases."""

from typing import Any

from api import alias_problems, errors
from api.errors import ServiceError
from api.openapi.described import BODY_CAUSES, operation, success

_ANY = (
    errors.MissingKey,
    errors.InvalidKey,
    errors.MissingScope,
    errors.NotAcceptable,
    errors.RedisUnavailable,
    errors.StoreUnavailable,
    ServiceError,
)
_CHANGE = (*_ANY, errors.PreconditionFailed, alias_problems.IfMatchMissing)
_GIVE = (*_CHANGE, errors.UnknownVersion)


_ALIASES = success("As they are now.", "ModelAliases", "ETag")


def _operation(
    *causes: type[ServiceError], answer: dict[str, Any] = _ALIASES, **described: Any
) -> dict[str, Any]:
    return operation(
        scopes=("operate",),
        success={200: answer},
        causes=causes,
        **described,
    )


#: Operation id -> what the document says of it beside its path and summary.
OPERATIONS: dict[str, dict[str, Any]] = {
    "read_aliases": _operation(*_ANY),
    "promote_model": _operation(
        *_GIVE, *BODY_CAUSES, parameters=("If-Match",), body="ChampionRequest"
    ),
    "name_challenger": _operation(
        *_GIVE, *BODY_CAUSES, parameters=("If-Match",), body="ChallengerRequest"
    ),
    "dismiss_challenger": _operation(*_CHANGE, parameters=("If-Match",)),
    "rollback_model": _operation(
        *_CHANGE,
        alias_problems.NoPrevious,
        errors.InvalidSubmission,
        parameters=("If-Match",),
    ),
    "compare_challenger": _operation(
        *_ANY,
        alias_problems.NoChallenger,
        answer=success("What is known by now.", "ChallengerComparison"),
    ),
}

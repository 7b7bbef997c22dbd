"""From a document to a request: all that is wrong with it, told in one answer."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from api import explanation
from api.errors import InvalidSubmission

#: Errors listed in one answer.
_MAX_ERRORS = 50

_Model = TypeVar("_Model", bound=BaseModel)


def validated(
    document: Any, model: type[_Model], errors: Sequence[dict[str, Any]] = ()
) -> _Model:
    """Return what a document says.

    Args:
        document: What was read from the body.
        model: What is expected.
        errors: What has been found wrong with it already.

    Raises:
        InvalidSubmission: It is not what is expected, or `errors` are there.
    """
    try:
        request = model.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        room = max(0, _MAX_ERRORS - len(errors))
        told = [explanation.explained(model, one) for one in found[:room]]
        raise invalid([*errors, *told], len(errors) + len(found)) from None
    if errors:
        raise invalid(errors, len(errors))
    return request


def invalid(errors: Sequence[dict[str, Any]], number: int) -> InvalidSubmission:
    """Return what a client is told: all reasons, or how many were left out."""
    told = errors[:_MAX_ERRORS]
    if len(told) == number:
        return InvalidSubmission(told)
    return InvalidSubmission(
        told,
        "The request was understood and is not valid; `errors` lists the first "
        f"{len(told)} of {number} reasons.",
    )

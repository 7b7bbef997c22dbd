"""The body of a request, held against a model; every reason is told at once."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from api import explanation, headers, json_text
from api.call import Call
from api.errors import InvalidSubmission

#: Errors listed in one answer.
MAX_ERRORS = 50

_Model = TypeVar("_Model", bound=BaseModel)


def _nothing_more(_: Any) -> list[dict[str, Any]]:
    return []


def read(
    call: Call,
    model: type[_Model],
    *,
    is_optional: bool = False,
    further: Callable[[Any], list[dict[str, Any]]] = _nothing_more,
) -> _Model:
    """Return the JSON body of a request as the model has it.

    Args:
        call: The request.
        model: What is expected.
        is_optional: Whether no body says what an empty object says.
        further: Returns what else is wrong with a document.

    Raises:
        UnsupportedMedia: It is not said to be plain JSON.
        MalformedBody: It is not JSON.
        BodyTooLarge: It is larger than this service takes.
        CutBody: It ended too early.
        SlowBody: It did not come in time.
        InvalidSubmission: It is not what the model expects.
    """
    environ = call.environ
    text = call.shared.uploads.read(environ, call.shared.settings.body_limit)
    if is_optional and not text:
        return model()
    headers.require_json(
        environ.get("CONTENT_TYPE"), environ.get("HTTP_CONTENT_ENCODING")
    )
    document = json_text.parse(text)
    errors = repeated(text, document) + further(document)
    return validated(document, model, errors)


def repeated(text: bytes, document: Any) -> list[dict[str, Any]]:
    """Return an error for each name that an object of the document has twice.

    Raises:
        MalformedBody: The document is nested too deep to be looked through.
    """
    places = json_text.repeated_names(text, document)
    return [explanation.repeated(place) for place in places]


def validated(
    document: Any, model: type[_Model], errors: list[dict[str, Any]]
) -> _Model:
    """Return a document as the model has it.

    Args:
        document: What the body said.
        model: What is expected.
        errors: What was found to be wrong already.

    Raises:
        InvalidSubmission: Something is wrong.
    """
    try:
        request = model.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        room = max(0, MAX_ERRORS - len(errors))
        told = [explanation.explained(model, one) for one in found[:room]]
        raise invalid(errors + told, len(errors) + len(found)) from None
    if errors:
        raise invalid(errors, len(errors))
    return request


def invalid(errors: list[dict[str, Any]], number: int) -> InvalidSubmission:
    """Return what a client is told: all reasons, or how many were left out.

    Args:
        errors: Some or all reasons.
        number: How many there are.
    """
    told = errors[:MAX_ERRORS]
    if len(told) == number:
        return InvalidSubmission(told)
    return InvalidSubmission(
        told,
        "The request was understood and is not valid; `errors` lists the first "
        f"{len(told)} of {number} reasons.",
    )

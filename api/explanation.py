"""What is wrong with a request, field by field, in words that say how to mend it."""

import difflib
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from api.expectation import expected
from api.found import got

#: Characters of a client's own name repeated in an answer.
_MAX_NAME = 64
#: Names in a pointer, at most: a request that is right has two.
_MAX_DEPTH = 8
#: Names that an answer offers to choose from, at most.
_MAX_NAMES = 40

Location = Sequence[str | int]


def explained(model: type[BaseModel], error: Mapping[str, Any]) -> dict[str, str]:
    """Return one of pydantic's errors as a client is told it.

    Args:
        model: The model that refused the document.
        error: As pydantic tells it, with its input.
    """
    location: tuple[str | int, ...] = error["loc"]
    # So pydantic says that a name itself is meant; a client may call anything so.
    is_name = location[:1] == ("metadata",) and location[2:] == ("[key]",)
    location = location[:2] if is_name else location
    code, detail = _told(model, location, error, is_name=is_name)
    return {"pointer": pointer(location), "detail": detail, "code": code}


def repeated(location: Location) -> dict[str, str]:
    """Return what a client is told about a name that an object has twice."""
    name = str(location[-1])[:_MAX_NAME]
    detail = f"The name {name!r} occurs more than once here: send it once."
    return {"pointer": pointer(location), "detail": detail, "code": "repeated_name"}


def pointer(location: Location) -> str:
    """Return a JSON pointer, RFC 6901; a client's long and deep names are cut."""
    parts = [str(part)[:_MAX_NAME] for part in location[:_MAX_DEPTH]]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def suggestion(name: str, names: Sequence[str]) -> str:
    """Return a question for the nearest name, to be added to a sentence."""
    nearest = difflib.get_close_matches(name[:_MAX_NAME], names, n=1)
    return f": did you mean {nearest[0]!r}?" if nearest else ""


def _told(
    model: type[BaseModel],
    location: Location,
    error: Mapping[str, Any],
    *,
    is_name: bool,
) -> tuple[str, str]:
    code: str = error["type"]
    if code == "extra_forbidden":
        return "unknown_field", _unknown(_schema(model), location)
    if code in _OWN_WORDS:
        return code, error["msg"]
    wanted = expected(_schema(model), location, is_name=is_name)
    if code == "missing":
        return code, f"Missing: expected {wanted}."
    if code == "model_type":
        code = "object_expected"
    return code, f"Expected {wanted}, got {got(error['input'], code)}."


#: Errors of this service's own checks, which say all in their message.
_OWN_WORDS = frozenset(
    {
        "below_other",
        "cells_expected",
        "explain_unavailable",
        "future_day",
        "malformed_row",
        "model_error",
        "no_secret",
        "no_such_day",
        "not_available_yet",
        "not_priced",
        "nothing_sent",
        "operator_only",
        "rate_limit",
        "repeated_events",
        "webhook_missing",
    }
)


@functools.lru_cache(maxsize=64)
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _unknown(schema: dict[str, Any], location: Location) -> str:
    """Say where an unknown field belongs, or what is known where it was found."""
    around = list(schema["properties"])
    inside = list(schema.get("$defs", {}).get("House", {}).get("properties", ()))
    name = str(location[-1])
    is_inside = location[0] == "input" and len(location) > 1
    here, there = (inside, around) if is_inside else (around, inside)
    if name in there:
        place = "beside `input`, not in it" if is_inside else "in `input`"
        return f"Unknown field: {name!r} belongs {place}."
    near = suggestion(name, here)
    return "Unknown field" + (near or f": known are {', '.join(here[:_MAX_NAMES])}.")

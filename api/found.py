"""What a client sent where something else was expected, in a few words."""

import re
from collections.abc import Callable
from typing import Any

import orjson

#: Characters of a client's text or number repeated in an answer.
_MAX_SHOWN = 32
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_COMMA = re.compile(r"-?\d+,\d+")
#: Up to here a float without a fraction is shown as the integer that it is.
_WHOLE = 1e15
#: Errors that are about how long a thing is: its length says it all.
_LENGTHS = frozenset({"string_too_long", "string_too_short", "too_long", "too_short"})


def got(value: Any, code: str) -> str:
    """Return what a value is, cut, with what mends the usual slips.

    Lists and objects are told by their kind: what they hold is nobody's business.

    Args:
        value: What was sent.
        code: Which law it broke.
    """
    return _KINDS.get(type(value), _plain)(value, code)


def shown(text: str) -> str:
    """Return a client's text in quotes, cut, without characters that do not print."""
    cut = text[:_MAX_SHOWN] + ("..." if len(text) > _MAX_SHOWN else "")
    return orjson.dumps(cut.encode("ascii", "replace").decode()).decode()


def _text(value: str, code: str) -> str:
    if code in _LENGTHS:
        return f"{len(value)} characters"
    if code == "object_expected" and value.lstrip().startswith("{"):
        return "text that holds JSON: send the object itself, not in quotes"
    mending = ""
    if code in {"int_type", "float_type"} and _NUMBER.fullmatch(value):
        mending = ": send it without quotes"
    elif code in {"int_type", "float_type"} and _COMMA.fullmatch(value):
        mending = ": the decimal sign is a point"
    return f"text {shown(value)}{mending}"


def _number(value: float, code: str) -> str:
    mending = ""
    if code == "string_type":
        mending = ": send it in quotes"
    elif code == "int_type" and abs(value) < _WHOLE and float(value).is_integer():
        mending = ": send it without the point"
    return orjson.dumps(value).decode() + mending


def _object(value: dict[str, Any], code: str) -> str:
    return f"one of {len(value)}" if code in _LENGTHS else "an object"


def _plain(value: Any, code: str) -> str:
    del code
    return "a list" if isinstance(value, list) else orjson.dumps(value).decode()


_KINDS: dict[type, Callable[[Any, str], str]] = {
    str: _text,
    int: _number,
    float: _number,
    dict: _object,
}

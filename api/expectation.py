"""What a request model expects at a place, in words, read off its JSON schema."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from model_store.schema import WITHOUT_NUL

Schema = Mapping[str, Any]


def expected(
    schema: Schema, location: Sequence[str | int], *, is_name: bool = False
) -> str:
    """Return what is expected at a place, as part of a sentence.

    Args:
        schema: JSON schema of the whole document, with its `$defs`.
        location: Names and numbers on the way from the document to the place.
        is_name: Whether it is the last name itself that is meant, not its value.
    """
    found: Schema = schema
    for at, part in enumerate(location):
        own = found.get("properties", {}).get(part)
        names_last = is_name and at == len(location) - 1
        others = "propertyNames" if names_last else "additionalProperties"
        others = "items" if isinstance(part, int) else others
        inner = own if own is not None else found.get(others)
        found = _resolved(schema, inner if isinstance(inner, dict) else {})
    words = _WORDS.get(str(found.get("type")), _anything)(found)
    return f"a name: {words}" if is_name else words


def _resolved(schema: Schema, part: Schema) -> Schema:
    """Follow a reference, or the one alternative to null."""
    for one in part.get("anyOf", ()):
        if one.get("type") != "null":
            rest = {name: value for name, value in part.items() if name != "anyOf"}
            return {**rest, **_resolved(schema, one)}
    if "$ref" in part:
        found: Schema = schema["$defs"][part["$ref"].rpartition("/")[2]]
        return found
    return part


def _anything(found: Schema) -> str:
    del found
    return "another value"


def _list(found: Schema) -> str:
    least, most = found.get("minItems", 0), found.get("maxItems")
    inner = found.get("items", {})
    words = _WORDS.get(str(inner.get("type")), _anything)(inner)
    return f"a list of {least} to {most} elements, each {words}"


def _text(found: Schema) -> str:
    if "enum" in found:
        return "one of " + ", ".join(found["enum"])
    pattern = found.get("pattern")
    least, most = found.get("minLength", 0), found.get("maxLength")
    if pattern and pattern != WITHOUT_NUL:
        return f"text that matches {pattern}{_example(found)}"
    words = "text" if most is None else f"text of {least} to {most} characters"
    return words + (" without NUL" if pattern else "") + _example(found)


def _example(found: Schema) -> str:
    examples = found.get("examples") or ()
    return f" such as {orjson.dumps(examples[0]).decode()}" if examples else ""


def _range(found: Schema) -> str:
    low, high = found.get("minimum"), found.get("maximum")
    above = found.get("exclusiveMinimum")
    if low is not None and high is not None:
        return f" from {_figure(low)} to {_figure(high)}"
    parts = [
        f"{word} {_figure(limit)}"
        for word, limit in (("above", above), ("at least", low), ("at most", high))
        if limit is not None
    ]
    return " " + " and ".join(parts) if parts else ""


def _truth(found: Schema) -> str:
    del found
    return "true or false"


def _figure(limit: float) -> str:
    return f"{limit:.15g}"


def _object(found: Schema) -> str:
    most = found.get("maxProperties")
    return "an object" if most is None else f"an object of at most {most} names"


_WORDS = {
    "array": _list,
    "integer": lambda found: "a whole number" + _range(found),
    "number": lambda found: "a number" + _range(found),
    "string": _text,
    "boolean": _truth,
    "object": _object,
}

"""JSON as it came: parsed once, and what is wrong with its text told with its place."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

import orjson

from api.errors import MalformedBody

#: Repeated names that are looked for, about: an answer tells no more.
_MAX_FOUND = 50
#: Objects and lists within each other, at most: what the parser takes.
_DEPTH = 1024
_BOM_8 = b"\xef\xbb\xbf"
_BOMS_WIDE = (b"\xff\xfe", b"\xfe\xff")
_NO_NUMBER = re.compile(r"-?(NaN|Infinity|inf|nan)\b")
_KEY = re.compile(rb'"\s*:')

#: Where a value stands: in what, and its name or number there; None is the document.
_Place = tuple[Any, str | int] | None


def parse(text: bytes) -> Any:
    """Return what a text says.

    Raises:
        MalformedBody: It is not JSON in UTF-8, or nested too deep.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(_encoding(text) or _syntax(error)) from None


def repeated_names(text: bytes, document: Any) -> list[list[str | int]]:
    """Return where an object has a name twice, which the parser passes over.

    Args:
        text: The text.
        document: What `parse` made of it.

    Raises:
        MalformedBody: It is nested too deep to be looked through.
    """
    names = _names(document)
    # Each name has its colon, so equal numbers mean that none was dropped. Colons in
    # texts only make more, and are then looked at more closely.
    if text.count(b":") == names or len(_KEY.findall(text)) == names:
        return []
    try:
        # Numbers stay text: one of thousands of digits is not worth the conversion.
        tree = json.loads(text, object_pairs_hook=_node, parse_int=str, parse_float=str)
    except RecursionError:
        raise MalformedBody(_too_deep()) from None
    return _repeated(tree)


class _Pairs:
    """The members of an object as they were written, repeated ones too."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def _node(pairs: list[tuple[str, Any]]) -> _Pairs | None:
    """Return the members of an object, unless nothing can be found in it."""
    is_plain = not any(isinstance(value, _Pairs | list) for _, value in pairs)
    if is_plain and len({name for name, _ in pairs}) == len(pairs):
        return None
    return _Pairs(pairs)


def _names(document: Any) -> int:
    """Count the names of a document and of the objects in it; deeper ones are not."""
    if not isinstance(document, dict):
        return 0
    return len(document) + sum(
        len(value) for value in document.values() if isinstance(value, dict)
    )


def _repeated(tree: Any) -> list[list[str | int]]:
    found: list[list[str | int]] = []
    unseen: list[tuple[_Place, Any]] = [(None, tree)]
    while unseen and len(found) < _MAX_FOUND:
        place, node = unseen.pop()
        if isinstance(node, _Pairs):
            counts = Counter(name for name, _ in node.pairs)
            again = (name for name, count in counts.items() if count > 1)
            found += [_path((place, name)) for name in islice(again, _MAX_FOUND)]
        unseen += [
            ((place, name), value)
            for name, value in _members(node)
            if isinstance(value, _Pairs | list)
        ]
    return found


def _members(node: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(node, _Pairs):
        return node.pairs
    return enumerate(node) if isinstance(node, list) else ()


def _path(place: _Place) -> list[str | int]:
    names: list[str | int] = []
    while place is not None:
        place, name = place
        names.append(name)
    return names[::-1]


def _encoding(text: bytes) -> str | None:
    """Return what is wrong with the bytes, before they are read as JSON."""
    if not text.strip():
        return "The body is empty: send a JSON object with the house in `input`."
    if text.startswith(_BOM_8):
        return "The body begins with a byte order mark: send UTF-8 without one."
    if text.startswith(_BOMS_WIDE) or b"\0" in text[:4]:
        return "The body is not UTF-8 but looks like UTF-16 or UTF-32: send UTF-8."
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return (
            f"The body is not UTF-8: byte 0x{text[error.start]:02x} at offset "
            f"{error.start} cannot be read; encode the body as UTF-8."
        )
    return None


def _syntax(error: orjson.JSONDecodeError) -> str:
    text, at = error.doc, error.pos
    if "depth limit" in error.msg:
        return _too_deep()
    if at >= len(text.rstrip()):
        return f"The body is not JSON: it ends in the middle, {_place(text, at)}."
    if found := _NO_NUMBER.search(text, max(at - 1, 0), at + 10):
        return (
            f"The body is not JSON: {found[0]} is no JSON number, {_place(text, at)}; "
            "leave the field out, or send a number."
        )
    if "infinity" in error.msg:
        return (
            "The body cannot be read: a number is greater than any that a computer "
            f"calculates with, {_place(text, at)}; send one below 1e308."
        )
    return f"The body is not JSON: {error.msg}, {_place(text, at)}{_mending(text, at)}."


def _place(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return f"at line {line} column {column}"


def _mending(text: str, at: int) -> str:
    """Return what mends the usual slips."""
    if text[at] == "'" or text[at : at + 2] == "u'":
        return "; JSON writes texts in double quotes"
    if text[at] == "/" or text[at] == "#":
        return "; JSON has no comments"
    if text[at : at + 4] in {"True", "Fals", "None"}:
        return "; JSON writes true, false and null"
    return ""


def _too_deep() -> str:
    return (
        f"The body is nested too deep: at most {_DEPTH} objects and lists may lie "
        "within each other, and a submit needs two."
    )

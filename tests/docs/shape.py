"""Whether an answer that a page shows has the shape of the real one."""

import json
from collections.abc import Iterator
from typing import Any

#: In an object or a list on a page: the real one has more.
MORE = "..."
#: Fields whose words belong to the interface, so that they must be the same.
WORDS = frozenset({"code", "object", "state_detail", "status", "type"})

#: The same in an error, which is an object with one of the two marks.
ERROR_WORDS, ERROR_MARKS = (
    frozenset({"detail", "title"}),
    frozenset({"pointer", "type"}),
)
#: Fields of which the model says what is in them.
OF_THE_MODEL = frozenset({"house"})


def differences(shown: Any, real: Any, place: str = "") -> Iterator[str]:
    """Yield in which places the answer on the page is not like the real one.

    Names and types must be the same, values need not be.
    """
    if isinstance(shown, dict) and isinstance(real, dict):
        yield from _of_objects(shown, real, place)
    elif isinstance(shown, list) and isinstance(real, list):
        yield from _of_lists(shown, real, place)
    elif _kind(shown) != _kind(real):
        yield f"{place}: the page shows {_kind(shown)}, it is {_kind(real)}"


def last_json(output: str) -> Any:
    """Return the last JSON object or array that begins a line of an output.

    Raises:
        ValueError: There is none.
    """
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(output):
        line_end = output.find("\n", at)
        following = len(output) if line_end < 0 else line_end + 1
        if output[at] in "{[":
            try:
                value, following = decoder.raw_decode(output, at)
                found.append(value)
            except ValueError:
                pass
        at = following
    if not found:
        raise ValueError(f"no JSON in this output:\n{output}")
    return found[-1]


def _of_objects(shown: dict[str, Any], real: dict[str, Any], at: str) -> Iterator[str]:
    names = shown.keys() - {MORE}
    if missing := sorted(names - real.keys()):
        yield f"{at}: the page shows {missing}, which are not there"
    if MORE not in shown and (more := sorted(real.keys() - names)):
        yield f"{at}: the page leaves out {more} without saying so"
    words = WORDS | (ERROR_WORDS if shown.keys() & ERROR_MARKS else frozenset())
    for name in names & real.keys():
        inside = f"{at}/{name}"
        if name not in OF_THE_MODEL:
            yield from differences(shown[name], real[name], inside)
        if name in words and _is_word(shown[name]) and shown[name] != real[name]:
            yield f"{inside}: the page shows {shown[name]!r}, it is {real[name]!r}"


def _of_lists(shown: list[Any], real: list[Any], at: str) -> Iterator[str]:
    elements = [one for one in shown if one != MORE]
    if elements and not real:
        yield f"{at}: the page shows elements, there are none"
        return
    for number, element in enumerate(elements):
        like = real[min(number, len(real) - 1)]
        yield from differences(element, like, f"{at}/{number}")


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int)


def _kind(value: Any) -> str:
    """Return the name of a JSON type."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    names = {dict: "an object", list: "an array", str: "a text", type(None): "null"}
    return names[type(value)]

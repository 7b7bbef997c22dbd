"""Query parameters, each read by its grammar; one that is not known is refused."""

import contextlib
import re
from collections.abc import Sequence
from datetime import datetime

from werkzeug.datastructures import MultiDict

from api.errors import MalformedParameter

#: Elements a page, at most and when nothing is said.
MAX_LIMIT, DEFAULT_LIMIT = 100, 20
#: Longest text of a client that is repeated to it.
MAX_TOLD = 64

#: RFC 3339.
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)

Asked = MultiDict[str, str]


def known(asked: Asked, names: Sequence[str], *, repeated: str = "") -> Asked:
    """Return the parameters; a filter that is not understood must not be dropped.

    Args:
        asked: As they came.
        names: Those that there are.
        repeated: The one that may be there more than once.

    Raises:
        MalformedParameter: One is not known, or is there twice.
    """
    for name, values in asked.lists():
        if name not in names:
            expected = f"expected {', '.join(names)}" if names else "expected none"
            raise MalformedParameter(
                f"Unknown parameter {name[:MAX_TOLD]!r}: {expected}."
            )
        if len(values) > 1 and name != repeated:
            raise MalformedParameter(f"{name} is there twice; send it once.")
    return asked


def limit(asked: Asked, *, most: int = MAX_LIMIT, unsaid: int = DEFAULT_LIMIT) -> int:
    """Return how many elements an answer is to have.

    Args:
        asked: The parameters.
        most: How many it may have.
        unsaid: How many it has when nothing is said.

    Raises:
        MalformedParameter: It is no number, or not one of those allowed.
    """
    return whole(asked, "limit", most=most, unsaid=unsaid)


def whole(asked: Asked, name: str, *, most: int, unsaid: int) -> int:
    """Return a whole number from 1 on.

    Raises:
        MalformedParameter: It is no number, or not one of those allowed.
    """
    text = asked.get(name, str(unsaid))
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= most:
        raise MalformedParameter(f"{name} must be a whole number, 1 to {most}.")
    return int(text)


def one_of(asked: Asked, name: str, choices: Sequence[str]) -> list[str]:
    """Return what a parameter chooses, each time that it is there.

    Raises:
        MalformedParameter: It is not one of the choices.
    """
    chosen = asked.getlist(name)
    for choice in chosen:
        if choice not in choices:
            raise MalformedParameter(
                f"{name} must be one of {', '.join(choices)}; "
                f"got {choice[:MAX_TOLD]!r}."
            )
    return chosen


def instant_ms(asked: Asked, name: str) -> int | None:
    """Return an instant, in ms since the epoch; None where nothing is said.

    Raises:
        MalformedParameter: It is not written after RFC 3339, or there is no such day.
    """
    text = asked.get(name)
    if text is None:
        return None
    if _INSTANT.fullmatch(text):
        with contextlib.suppress(ValueError, OverflowError):
            return int(datetime.fromisoformat(text.upper()).timestamp() * 1000)
    raise MalformedParameter(
        f"{name} must be a date and time with its offset from UTC, RFC 3339, such as "
        f"2026-01-31T12:00:00Z (write + as %2B); got {text[:MAX_TOLD]!r}."
    )

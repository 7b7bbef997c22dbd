"""Writes many things in one go, and what cannot be written apart from the others."""

from collections.abc import Callable, Sequence
from typing import TypeVar

_Thing = TypeVar("_Thing")


def write(
    things: Sequence[_Thing],
    write_all: Callable[[Sequence[_Thing]], None],
    *,
    down: tuple[type[Exception], ...],
) -> list[tuple[_Thing, Exception]]:
    """Write things; return those that cannot be written, and why.

    One that nobody can write holds up no other: where all together fail, each is tried
    by itself.

    Args:
        things: What is to be written.
        write_all: Writes some of them, all or none.
        down: What is no fault of any of them; it is passed through.
    """
    if not things:
        return []
    try:
        write_all(things)
    except down:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one of them
        if len(things) == 1:
            return [(things[0], error)]
        return [
            refused for one in things for refused in write([one], write_all, down=down)
        ]
    return []

"""Parts of a page in Markdown."""

import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a line's end or a bar in a cell does not break it."""
    lines = [_row(header), "|" + "---|" * len(header), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def sentences(text: str) -> str:
    """Return a paragraph with each sentence on a line of its own."""
    return re.sub(r"(?<=[.!?]) (?=[A-Z])", "\n", " ".join(text.split()))


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

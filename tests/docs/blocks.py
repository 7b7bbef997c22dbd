"""The examples of a page: its fenced blocks, and why one of them is not run."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.structure import source

_FENCE = re.compile(r"^( *)```(\w*)$")
_EXCUSE = re.compile(r"^ *<!-- not run: (.+) -->$")
_BESIDE = re.compile(r"^ *<!-- run in a terminal of its own -->$")


@dataclass(frozen=True)
class Block:
    """One example."""

    page: Path
    #: Line of the opening fence, from 1.
    line: int
    language: str
    text: str
    #: Why it is not run; None where it is.
    excuse: str | None
    #: Whether it goes on while the reader goes on with the page.
    beside: bool = False

    @property
    def place(self) -> str:
        """Return where it stands, for messages."""
        return f"{self.page.relative_to(source.ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Return every page that has examples."""
    folders = (source.ROOT / name for name in ("docs", "examples"))
    below = (page for folder in folders for page in sorted(folder.rglob("*.md")))
    return [page for page in (source.ROOT / "README.md", *below) if read(page)]


def read(page: Path) -> list[Block]:
    """Return the examples of a page in their order.

    A block without a language is a picture, or a file to look at.
    """
    return [block for block in _fenced(page) if block.language]


def _fenced(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").splitlines()
    opened: int | None = None
    for number, line in enumerate(lines):
        if not (fence := _FENCE.match(line)):
            continue
        if opened is None:
            opened, language = number, fence[2]
            continue
        text = textwrap.dedent("\n".join(lines[opened + 1 : number])) + "\n"
        before = next(filter(str.strip, reversed(lines[:opened])), "")
        excuse = _EXCUSE.match(before)
        yield Block(
            page,
            line=opened + 1,
            language=language,
            text=text,
            excuse=excuse and excuse[1],
            beside=_BESIDE.match(before) is not None,
        )
        opened = None

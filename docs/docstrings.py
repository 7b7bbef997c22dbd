"""Docstrings in Google's form, in parts."""

import inspect
import re
from dataclasses import dataclass, field

_SECTION = re.compile(r"^(Args|Attributes|Raises):$")
_ENTRY = re.compile(r"^    (\w+): (.*)$")


@dataclass(frozen=True)
class Docstring:
    """What a docstring says.

    Attributes:
        text: Paragraphs before the sections.
        sections: Meaning by name, by the title of the section.
    """

    text: str
    sections: dict[str, dict[str, str]] = field(default_factory=dict)


def read(text: str) -> Docstring:
    """Read a docstring as it stands in the code."""
    prose: list[str] = []
    sections: dict[str, dict[str, str]] = {}
    entries: dict[str, str] | None = None
    name = ""
    for line in inspect.cleandoc(text).splitlines():
        if found := _SECTION.match(line):
            entries = sections.setdefault(found[1], {})
        elif entries is None:
            prose.append(line)
        elif found := _ENTRY.match(line):
            name = found[1]
            entries[name] = found[2]
        elif line:
            entries[name] += " " + line.strip()
    return Docstring("\n".join(prose).strip(), sections)

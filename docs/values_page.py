"""The README of the chart: every value, from the comments of its values.yaml."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node

from docs.markdown import table

_VALUES = Path(__file__).parents[1] / "helm" / "kerbside" / "values.yaml"

_OPENING = """\
# Kerbside's Helm chart

How to install, scale, upgrade and remove it: [Kubernetes](../../docs/howto/kubernetes.md).
These are its values; this page is made from the comments of `values.yaml`: `make docs` writes it.

A value that is a mapping is merged with its default, a list replaces it.
Names that are not known, and most values that could do no good, are refused by `values.schema.json`.
"""


@dataclass(frozen=True)
class Value:
    """A value of the chart.

    Attributes:
        path: Its names, from the outermost.
        node: What is its default.
        meaning: The comment above it; None if there is none.
    """

    path: tuple[str, ...]
    node: Node | None
    meaning: str | None


def render() -> str:
    """Return the page in Markdown."""
    lines = _VALUES.read_text(encoding="utf-8").splitlines()
    top = list(_children(_whole(lines), lines))
    single = [one for one in top if not _told_apart(one, lines)]
    pages = [_OPENING, _rows("Alone", None, single)]
    for one in top:
        if _told_apart(one, lines):
            rows = list(_leaves(one, lines))
            pages.append(_rows(f"`{one.path[0]}`", one.meaning, rows))
    return "\n".join(pages)


def undocumented() -> list[str]:
    """Return the values that no comment tells of."""
    lines = _VALUES.read_text(encoding="utf-8").splitlines()
    leaves = _leaves(_whole(lines), lines)
    return [".".join(one.path) for one in leaves if not one.meaning]


def _whole(lines: list[str]) -> Value:
    return Value((), yaml.compose("\n".join(lines)), None)


def _leaves(value: Value, lines: list[str]) -> Iterator[Value]:
    """Yield what has a row of its own: what no comment divides further."""
    for child in _children(value, lines):
        if _told_apart(child, lines):
            yield from _leaves(child, lines)
        else:
            yield child


def _told_apart(value: Value, lines: list[str]) -> bool:
    """Tell whether the parts of a value have rows of their own."""
    return any(
        child.meaning or _told_apart(child, lines) for child in _children(value, lines)
    )


def _children(value: Value, lines: list[str]) -> Iterator[Value]:
    if not isinstance(value.node, MappingNode):
        return
    for key, node in value.node.value:
        comment = _comment(lines, key.start_mark.line)
        yield Value((*value.path, key.value), node, comment)


def _comment(lines: list[str], line: int) -> str | None:
    above = lines[line - 1].strip() if line else ""
    return above[2:] if above.startswith("# ") else None


def _rows(title: str, meaning: str | None, values: list[Value]) -> str:
    rows = [
        (f"`{'.'.join(one.path)}`", f"`{_default(one.node)}`", one.meaning or "")
        for one in values
    ]
    told = f"{meaning}\n\n" if meaning else ""
    return f"## {title}\n\n{told}" + table(("value", "default", "meaning"), rows)


def _default(node: Node | None) -> str:
    return json.dumps(yaml.safe_load(yaml.serialize(node)))

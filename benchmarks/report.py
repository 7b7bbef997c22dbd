"""What a run found: as tables for the terminal, and as a page of the docs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

_VERDICTS = {True: "held", False: "missed", None: ""}
_STYLES = {True: "green", False: "red", None: ""}

_OPENING = """\
# Benchmarks

This page is written by `make bench`; do not edit it.
Run on {date} UTC in {minutes:.0f} minutes: `python -m benchmarks`.
A figure of one machine is an example; the ratio of two stacks on it says more.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """A property, what it should be and what it was."""

    property: str
    target: str
    measured: str
    #: None where there is no target.
    held: bool | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """A table behind a finding, and what one must know to read it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


@dataclass(slots=True)
class Report:
    """Everything that a run found."""

    began: datetime
    machine: Sequence[tuple[str, str]]
    findings: list[Finding] = field(default_factory=list)
    details: list[Details] = field(default_factory=list)
    #: The figures as they were measured, JSON-ready.
    raw: dict[str, Any] = field(default_factory=dict)
    minutes: float = 0.0

    def add(self, *parts: Finding | Details) -> None:
        """Take up what a part of the run found."""
        for part in parts:
            if isinstance(part, Finding):
                self.findings.append(part)
            else:
                self.details.append(part)


def for_terminal(report: Report) -> RenderableType:
    """Return the report as tables of rich."""
    tables: list[RenderableType] = [_findings(report.findings)]
    for details in report.details:
        table = Table(*details.columns, title=details.title, title_justify="left")
        for row in details.rows:
            table.add_row(*row)
        tables += [table, *details.notes]
    machine = Table(title="Measured on", title_justify="left", show_header=False)
    for name, value in report.machine:
        machine.add_row(name, value)
    return Group(*tables, machine)


def as_markdown(report: Report) -> str:
    """Return the report as a page."""
    date = f"{report.began:%Y-%m-%d %H:%M}"
    parts = [_OPENING.format(date=date, minutes=report.minutes)]
    rows = [_cells(finding) for finding in report.findings]
    parts.append(_table(("property", "target", "measured", ""), rows))
    for details in report.details:
        parts.append(f"## {details.title}\n")
        parts.append(_table(details.columns, details.rows))
        if details.notes:
            parts.append("\n".join(details.notes) + "\n")
    parts.append("## Measured on\n")
    parts.append(_table(("", ""), report.machine))
    return "\n".join(parts)


def as_json(report: Report) -> str:
    """Return the figures behind the report."""
    figures: Mapping[str, Any] = {"began": report.began.isoformat(), **report.raw}
    return json.dumps(figures, indent=1) + "\n"


def _findings(findings: Sequence[Finding]) -> Table:
    columns = ("property", "target", "measured", "")
    table = Table(*columns, title="Findings", title_justify="left")
    for finding in findings:
        table.add_row(*_cells(finding), style=_STYLES[finding.held])
    return table


def _cells(finding: Finding) -> tuple[str, str, str, str]:
    verdict = _VERDICTS[finding.held]
    return finding.property, finding.target, finding.measured, verdict


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(_escaped, cells))} |\n" for cells in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")

"""The outcome of a run as a table for people and as JSON for machines."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.chaos.runner import Outcome

#: Where the output is no terminal: a row a line.
_WIDTH = 160

_FIGURES = (
    "acknowledged",
    "succeeded",
    "failed",
    "canceled",
    "lost",
    "duplicates",
    "reruns",
    "dead",
)


def is_whole(outcomes: Sequence[Outcome]) -> bool:
    """Tell whether no row broke an invariant."""
    return not any(outcome.verdict.broken for outcome in outcomes)


def show(outcomes: Sequence[Outcome]) -> None:
    """Print the table and what was broken."""
    console = Console(emoji=False)
    if not console.is_terminal:
        console = Console(emoji=False, width=_WIDTH)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("fault", max_width=44)
    for figure in (*_FIGURES, "recovers s (median / worst)"):
        table.add_column(figure, justify="right", no_wrap=True)
    table.add_column("notes", style="dim")
    for outcome in outcomes:
        table.add_row(*_cells(outcome))
    console.print(table)
    for outcome in outcomes:
        if outcome.recoveries_s:
            meaning = f"{outcome.row.name} recovers: {outcome.row.recovers}"
            console.print(meaning, style="dim")
    for outcome in outcomes:
        for text in outcome.verdict.broken:
            console.print(f"[red]BROKEN[/] {outcome.row.name}: {escape(text)}")


def as_json(outcomes: Sequence[Outcome], *, seed: int, short: bool) -> str:
    """Return everything as one JSON document."""
    rows = [
        {
            "row": outcome.row.name,
            "fault": outcome.row.fault.format(outcome.times),
            "real_model": outcome.row.real_model,
            **asdict(outcome.verdict),
            "recovers_s": outcome.recoveries_s,
            "recovers": outcome.row.recovers,
            "notes": outcome.notes,
            "took_s": round(outcome.took_s, 1),
        }
        for outcome in outcomes
    ]
    whole = is_whole(outcomes)
    return json.dumps(
        {"seed": seed, "short": short, "whole": whole, "rows": rows}, indent=2
    )


def _cells(outcome: Outcome) -> list[str]:
    judged = outcome.verdict
    fault = outcome.row.fault.format(f"{outcome.times:,}")
    style = "red" if judged.broken else "green"
    times = outcome.recoveries_s
    recovers = f"{median(times):.1f} / {times[-1]:.1f}" if times else ""
    model = ("real model",) if outcome.row.real_model else ()
    return [
        f"[{style}]{fault}[/]",
        *(f"{getattr(judged, figure):,}" for figure in _FIGURES),
        recovers,
        ", ".join((*outcome.notes, *model)),
    ]

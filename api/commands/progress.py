"""How far a long command is, on a terminal's stderr and nowhere else."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s", "dim")


@contextlib.contextmanager
def shown(
    what: str, *, total: int, done: int, is_hidden: bool
) -> Iterator[Callable[..., None]]:
    """Show a bar while the block runs; the block gets a function that takes steps.

    Args:
        what: What is being done.
        total: How many steps there are.
        done: How many of them were taken before.
        is_hidden: Whether something else needs the terminal.
    """
    console = Console(stderr=True)
    is_hidden = is_hidden or not console.is_terminal
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(_Rate(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=console, disable=is_hidden) as bar:
        task = bar.add_task(what, total=total, completed=done)
        yield lambda count=1: bar.advance(task, count)

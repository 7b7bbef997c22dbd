"""Options that commands share, and the bar of those that take long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

store = click.option(
    "--store",
    "store_url",
    help="Model store: a folder or a URL such as s3://. Default: KERBSIDE_STORE_URL.",
)
data = click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Data-set definition (JSON) beside its table. Default: the shipped sales.",
)
progress = click.option(
    "--progress/--no-progress", default=None, help="Default: on a terminal."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
#: Of a sample of predictions: which one it is.
sample_size = click.option(
    "--n",
    "count",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Predictions to draw.",
)
sample_seed = click.option(
    "--seed", default=0, show_default=True, help="Another one draws others."
)
sample_version = click.option(
    "--version", help="Only predictions of this version. Default: all."
)
sample_by = click.option(
    "--by",
    help="Draw of each group of this: a category of the houses, or price_quintile.",
)
sample_allocation = click.option(
    "--allocation",
    type=click.Choice(["proportional", "equal"]),
    default="proportional",
    show_default=True,
    help="As many of each group as it has predictions, or of each alike.",
)
if_generation = click.option(
    "--if-generation",
    type=click.IntRange(0),
    help="Change nothing unless the aliases are at this generation, as `list` shows.",
)

#: Seconds by which the pace of steps is judged: a single one may take minutes.
_PACE_S = 3600


@contextmanager
def bar(doing: str, *, show: bool | None) -> Iterator[Callable[[int, int, str], None]]:
    """Draw a progress bar on stderr, by default only on a terminal.

    It shows the time that has passed and the time that is left.
    """
    console = Console(stderr=True, force_terminal=True if show else None)
    hidden = not (console.is_terminal if show is None else show)
    columns = (
        TextColumn(doing),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(
        *columns, console=console, disable=hidden, speed_estimate_period=_PACE_S
    ) as bar:
        # Until the first step is done nobody knows how long it takes.
        task = bar.add_task("reading the sales", total=None)
        yield lambda done, total, text: bar.update(
            task, completed=done, total=total, description=text
        )

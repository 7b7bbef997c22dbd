"""Options that commands share, and the bar of those that take long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

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
if_generation = click.option(
    "--if-generation",
    type=click.IntRange(0),
    help="Change nothing unless the aliases are at this generation, as `list` shows.",
)


@contextmanager
def bar(doing: str, *, show: bool | None) -> Iterator[Callable[[int, int, str], None]]:
    """Draw a progress bar on stderr, by default only on a terminal."""
    console = Console(stderr=True, force_terminal=True if show else None)
    hidden = not (console.is_terminal if show is None else show)
    columns = (TextColumn(doing), BarColumn(), TaskProgressColumn())
    what = TextColumn("{task.description}")
    with Progress(*columns, what, console=console, disable=hidden) as bar:
        task = bar.add_task("reading the sales")
        yield lambda done, total, text: bar.update(
            task, completed=done, total=total, description=text
        )

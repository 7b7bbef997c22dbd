"""`kerbside predict`: a CSV file of houses comes back with a price for each."""

import contextlib
import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import click

from api.commands import (
    copies,
    given_file,
    priced_file,
    pricing_task,
    service,
    stopping,
    way_on,
)
from api.commands.priced_file import Place, PlaceTaken, Stream
from api.commands.pricing_task import Options, Task
from api.commands.stopping import TERMINATED
from api.house_file import HouseFile
from api.launcher import faults
from api.launcher.faults import ApiUnreachable, KeyRefused, NotPriced, QueueRefused
from model_store.command_line import Command

_HELP = """Price the houses of the CSV file HOUSES; - is stdin.

Each line comes back with all its cells, and with price, range and all that belongs to
it in further columns; `error` says why a house has no price. The model's features are
found by the names of the columns. Columns that are none are passed through; one that
looks like a misspelt feature is refused. Before anything is submitted the whole file
is read, so that a broken line is told at once.

All houses are priced by the model version that the first one was. Until the output is
whole it lies in OUTPUT.part. What interrupts the command costs nothing: the same
command goes on where it was, and within a day no house is priced twice (by default the
service remembers for 24 hours what was submitted).

The service keeps its own copy of each prediction, by default for a day, in a store that
all share. With --delete it is deleted once its row is written, with --keep it is not;
if neither is said, those of a file of more than 10,000 houses are deleted.

With --json it prints {"output", "model_version", "houses", "priced", "failed",
"resumed_at", "seconds", "passed_through", "kept"}.
"""

_EXIT_CODES = {
    0: "All houses have a price.",
    **faults.exit_codes(NotPriced, QueueRefused, ApiUnreachable, KeyRefused),
    8: "Some houses have no price; the output is whole and says why.",
    TERMINATED: "Ended by SIGTERM.",
}
#: Seconds within which the API must say which model it has.
_FIRST_ANSWER_S = 10.0


@click.command(cls=Command, help=_HELP, exit_codes=_EXIT_CODES)
@click.argument("houses", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    help="CSV file to be written; by default stdout.",
)
@service.url_option
@service.key_option
@click.option(
    "--version",
    default="champion",
    show_default=True,
    help="Alias or id of the model version.",
)
@click.option("--prefix", default="", help="Put before the names of the new columns.")
@click.option(
    "--no-feature",
    "no_features",
    multiple=True,
    help="A column that is none, though it looks like one; repeat for more.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    default=16,
    show_default=True,
    help="Houses that are under way together.",
)
@service.timeout_option(60.0, "a house")
@click.option(
    "--keep/--delete",
    default=None,
    help="Whether the service keeps predictions whose rows are written.",
)
@click.option("--overwrite", is_flag=True, help="Begin anew, whatever is at OUTPUT.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
@click.pass_context
def predict(ctx: click.Context, /, **given: Any) -> None:
    """Price a file; `_HELP` says it to the user."""
    options = Options(**given)
    if options.as_json and options.output == "-":
        raise click.UsageError("--json needs -o: the houses themselves go to stdout.")
    url, key = service.found(options.url, options.key)
    connect = partial(service.client, url, key, concurrency=options.at_once)
    first_answer_s = min(options.timeout_s, _FIRST_ANSWER_S)
    with (
        connect(timeout_s=first_answer_s) as asking,
        given_file.opened(options.houses) as file,
        _place(options.output) as place,
        service.told(url),
    ):
        source = HouseFile(file, options.houses)
        task = pricing_task.begun(options, asking, source, place)
        _tell_before(options, task)
        with (
            way_on.told(ctx, task, can_go_on=place.can_go_on),
            connect(timeout_s=options.timeout_s) as client,
            stopping.stoppable(client),
        ):
            pricing_task.price(task, client, source, place)
    _tell(options, task)
    ctx.exit(NotPriced.exit_code if task.failed else 0)


@contextlib.contextmanager
def _place(output: str) -> Iterator[Place | Stream]:
    try:
        with priced_file.opened(output) as place:
            yield place
    except PlaceTaken:
        raise click.UsageError(f"Another process writes {output}.") from None


def _tell_before(options: Options, task: Task) -> None:
    if task.passed_through:
        others = ", ".join(task.passed_through)
        click.echo(f"No features, passed through: {others}.", err=True)
    if options.keep is None and not task.keep:
        click.echo(
            f"More than {copies.MOST_KEPT:,} houses: each prediction is deleted from"
            " the service once its row is written, unless you say --keep.",
            err=True,
        )


def _tell(options: Options, task: Task) -> None:
    seconds = time.monotonic() - task.begun
    if options.as_json:
        record = {
            "output": options.output,
            "model_version": task.run.model_version,
            "houses": task.houses,
            "priced": task.houses - task.failed,
            "failed": task.failed,
            "resumed_at": task.resumed_at,
            "seconds": round(seconds, 3),
            "passed_through": task.passed_through,
            "kept": task.keep,
        }
        click.echo(json.dumps(record))
        return
    click.echo(
        f"{task.houses - task.failed:,} of {task.houses:,} houses priced by"
        f" {task.run.model_version} in {seconds:.1f} s.",
        err=options.output == "-",
    )

"""`kerbside model add-sales`."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import click

from model_store import options
from model_store.command_line import Command
from model_store.commands import opening


@click.command("add-sales", cls=Command)
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Definition (JSON) of the data set that they belong to. Default: "
    "KERBSIDE_DATA_SET, or that of the shipped sales.",
)
@options.as_json
def add_sales(*, table: Path, data: Path | None, as_json: bool) -> None:
    """Keep the sales of TABLE in the archive, for every retraining to come.

    TABLE is written as the table of the data set is, with the same columns. A house
    that was sold for the same price on the same day is kept once, so the command may
    be repeated; none is kept of a table in which one cell is not as defined.

    With --json it prints {"sales", "new"}.
    """
    # Only here: they load the model stack, and a database.
    from model_store import dataset, definition  # noqa: PLC0415
    from model_store.retraining.keep import keep  # noqa: PLC0415

    known = definition.read(data or opening.settings(None).data_set or dataset.SHIPPED)
    sales = dataset.load_as(replace(known, table=table.name), table.parent)
    with contextlib.closing(opening.archive(None)) as archive:
        new = keep(sales, archive)
    if as_json:
        click.echo(json.dumps({"sales": len(sales), "new": new}))
    else:
        click.echo(f"{len(sales):,} sales of {known.name}, {new:,} of them new.")

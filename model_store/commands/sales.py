"""`kerbside model add-sales` and `remove-sales`."""

import contextlib
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from model_store import options
from model_store.command_line import Command
from model_store.commands import opening

if TYPE_CHECKING:
    from model_store.archive.archive import Archive
    from model_store.dataset import Dataset

_table = click.argument(
    "table", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
_data = click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Definition (JSON) of the data set that they belong to. Default: "
    "KERBSIDE_DATA_SET, or that of the shipped sales.",
)


@click.command("add-sales", cls=Command)
@_table
@_data
@options.as_json
def add_sales(*, table: Path, data: Path | None, as_json: bool) -> None:
    """Keep the sales of TABLE in the archive, for every retraining to come.

    TABLE is written as the table of the data set is, with the same columns. A house
    that was sold for the same price on the same day is kept once, so the command may
    be repeated. None is kept of a table in which one cell is not as defined, a sale is
    later than today, or many are there twice.

    With --json it prints {"sales", "new"}.
    """
    # Only here: they load the model stack, and a database.
    from model_store.retraining.keep import keep  # noqa: PLC0415

    today = dt.datetime.now(dt.UTC).date()
    sales = _read(table, data)
    new = _done(lambda archive: keep(sales, archive, today=today))
    _tell("new", sales, new, as_json=as_json)


@click.command("remove-sales", cls=Command)
@_table
@_data
@options.as_json
def remove_sales(*, table: Path, data: Path | None, as_json: bool) -> None:
    """Take the sales of TABLE out of the archive again, as they were added.

    No retraining learns from them any more; models that have go on. To correct some,
    remove them as they are and add them as they should be.

    With --json it prints {"sales", "removed"}.
    """
    # Only here: they load the model stack, and a database.
    from model_store.retraining.keep import remove  # noqa: PLC0415

    sales = _read(table, data)
    removed = _done(lambda archive: remove(sales, archive))
    _tell("removed", sales, removed, as_json=as_json)


def _read(table: Path, data: Path | None) -> "Dataset":
    from model_store import dataset, definition  # noqa: PLC0415

    known = definition.read(data or opening.settings(None).data_set or dataset.SHIPPED)
    return dataset.load_as(replace(known, table=table.name), table.parent)


def _done(change: "Callable[[Archive], int]") -> int:
    with contextlib.closing(opening.archive(None)) as archive:
        return change(archive)


def _tell(became: str, sales: "Dataset", count: int, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"sales": len(sales), became: count}))
    else:
        name = sales.definition.name
        click.echo(f"{len(sales):,} sales of {name}, {count:,} of them {became}.")

"""`kerbside archive export`: a table of the archive as a file."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import click

from api.commands import auditing
from api.commands.archive import opening
from model_store import options
from model_store.command_line import Command

#: What `model_store.archive.tables` has; it is not loaded for the help.
TABLES = (
    "predictions",
    "sales",
    "outcomes",
    "withdrawals",
    "audit",
    "shadows",
    "reports",
    "properties",
    "valuations",
)

_day = click.DateTime(["%Y-%m-%d"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What was asked for on the command line."""

    table: str
    output: Path | None
    form: Literal["csv", "parquet"]
    since: datetime | None
    until: datetime | None
    overwrite: bool
    progress: bool | None
    as_json: bool


@click.command(cls=Command)
@click.argument("table", type=click.Choice(TABLES))
@click.option(
    "--output",
    "-o",
    "output",
    type=Path,
    help="The file. Default: the table's name here, with .csv or .parquet.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="Parquet needs the extra `parquet`.",
)
@click.option("--from", "since", type=_day, help="Only from this day on, UTC.")
@click.option("--to", "until", type=_day, help="Only from before this day, UTC.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@options.progress
@options.as_json
def export(**given: Any) -> None:
    """Write the rows of TABLE to a file, oldest first.

    The day of a row is that of its sale, else that on which it was made. Instants are
    milliseconds since the epoch. In CSV a cell that a spreadsheet would run begins with
    an apostrophe. The file appears when it is whole, for this user alone: it holds
    houses.

    With --json it prints {"file", "rows"}.
    """
    # As in `opening`: other commands do not pay for it.
    from model_store.archive import export as exporting  # noqa: PLC0415

    asked = _Asked(**given)
    file = asked.output or Path(f"{asked.table}.{asked.form}")
    if file.exists() and not asked.overwrite:
        raise click.UsageError(f"{file} is there already: say --overwrite.")
    with (
        opening.opened() as opened,
        options.bar("exporting", show=asked.progress) as bar,
    ):
        count = exporting.export(
            *(opened.database, asked.table, file, asked.form),
            since=asked.since and asked.since.date(),
            until=asked.until and asked.until.date(),
            report=lambda done, total: bar(done, total, f"{done:,} of {total:,} rows"),
        )
    auditing.keep("export_archive", [asked.table])
    if asked.as_json:
        click.echo(json.dumps({"file": str(file), "rows": count}))
    else:
        click.echo(f"{count:,} rows of {asked.table} in {file}.")

"""`kerbside model init`."""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from model_store import options
from model_store.command_line import Command, results

if TYPE_CHECKING:
    # Only this command, once it runs, loads the model stack.
    from model_store.intake.inspection import Inspection

_STYLES = {"left out": "yellow", "id": "dim"}
_CURRENCY = re.compile(r"[A-Z]{3}")


def _code(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _CURRENCY.fullmatch(value):
        raise click.BadParameter("expected three capitals, such as EUR (ISO 4217)")
    return value


@click.command(cls=Command)
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", required=True, help="Column of the price paid.")
@click.option("--date", required=True, help="Column of the sale date.")
@click.option("--currency", callback=_code, help="Its ISO 4217 code, such as EUR.")
@click.option(
    "--date-format", help="Of the dates, such as %d.%m.%Y. Default: detected."
)
@click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    help="Between the whole and the rest of a number. Default: detected.",
)
@click.option("--keep", multiple=True, help="Price by this column though suspected.")
@click.option("--leave-out", multiple=True, help="Do not price by this column.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The definition. Default: the table's name and .json, beside the table.",
)
@click.option("--force", is_flag=True, help="Replace a definition that is there.")
@options.progress
@options.as_json
def init(  # noqa: PLR0913 - as many as there are options
    *,
    table: Path,
    target: str,
    date: str,
    currency: str | None,
    date_format: str | None,
    decimal: str | None,
    keep: tuple[str, ...],
    leave_out: tuple[str, ...],
    out: Path | None,
    force: bool,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Inspect TABLE, sales in CSV or Parquet, and write the definition of its data set.

    It says what each column is taken for and why. Columns that seem to know the price,
    or tell of people, are left out unless --keep names them. The definition is a file
    to be looked through; then `kerbside model train --data` takes it.
    """
    from model_store.intake import definition_file, inspection  # noqa: PLC0415
    from model_store.intake.sample import Wish  # noqa: PLC0415

    out = out or table.with_name(table.name.split(".")[0] + ".json")
    _expect_free(out, table, force=force)
    wish = Wish(target, date, currency, date_format, decimal, keep, leave_out)
    today = datetime.now(UTC).date()
    with options.bar("inspecting", show=progress) as step:
        found = inspection.inspect(table, wish, today=today, told=step)
    out.write_text(definition_file.written(found.definition), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(_record(found, out), indent=2))
    else:
        _show(found, out)


def _expect_free(out: Path, table: Path, *, force: bool) -> None:
    if out.exists() and not force:
        raise click.UsageError(f"{out} is there already; replace it with --force")
    if out.resolve().parent != table.resolve().parent:
        raise click.UsageError(
            f"{out}: a definition lies beside its table, in {table.resolve().parent}"
        )


def _record(found: "Inspection", out: Path) -> dict[str, object]:
    return {
        "definition": str(out),
        "sales": found.sales,
        "first_sale": str(found.first_day),
        "last_sale": str(found.last_day),
        "columns": [
            {"column": one.column, "taken_for": one.taken, "why": one.why}
            for one in found.findings
        ],
        "notes": list(found.notes),
        "form": asdict(found.definition.form),
    }


def _show(found: "Inspection", out: Path) -> None:
    definition = found.definition
    table = Table("column", "taken for", "why")
    for column, taken, why in (
        (definition.target, "price", f"as asked, in {definition.currency}"),
        (definition.date, "date", f"as asked, {definition.form.date_format}"),
        *((one.column, one.taken, one.why) for one in found.findings),
    ):
        cells = (escape(text) for text in (column, taken, why))
        table.add_row(*cells, style=_STYLES.get(taken, ""))
    screen = results()
    screen.print(table)
    days = f"{found.first_day} to {found.last_day}"
    screen.print(f"{found.sales:,} sales, {days}.", markup=False)
    for note in found.notes:
        screen.print(f"- {note}", markup=False)
    screen.print(
        f"Look through {out}, then: kerbside model train --data {out}", markup=False
    )

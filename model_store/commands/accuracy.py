"""`kerbside model accuracy`: what realised sales say of the prices given."""

import json
import time
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from model_store import options
from model_store.archive.report import ACCURACY, ACCURACY_STANDING
from model_store.command_line import Command, results
from model_store.commands import opening
from model_store.store import ModelStore

if TYPE_CHECKING:
    from model_store.archive.archive import Archive

#: Age at which a report is made anew although no sale was told since: predictions that
#: are archived late are judged by sales that were told before.
_DAY_MS = 24 * 3600 * 1000
_COLUMNS = (
    ("sales", "n"),
    ("MdAPE %", "mdape"),
    ("bias %", "median_bias"),
    ("within 10 %", "ppe10"),
    ("within 20 %", "ppe20"),
    ("covers %", "coverage"),
    ("within FSD %", "within_fsd"),
    ("hit rate %", "hit_rate"),
)


@click.command(cls=Command)
@options.store
@click.option(
    "--by",
    type=click.Choice(["month", "week"]),
    default="month",
    show_default=True,
    help="Length of a row's period.",
)
@click.option("--version", help="Only rows of this version. Default: all, and each.")
@click.option(
    "--segment",
    default="",
    help="Split by this category of the houses, or by price_quintile.",
)
@click.option(
    "--if-due",
    is_flag=True,
    help="Do nothing if no sale was told or withdrawn since the last report, and that "
    "is not a day old.",
)
@options.as_json
def accuracy(
    *,
    store_url: str | None,
    by: str,
    version: str | None,
    segment: str,
    if_due: bool,
    as_json: bool,
) -> None:
    """Measure prices against realised sales, and keep the report in the archive.

    Sales are told by POST /v1/outcomes or `kerbside outcomes add`. Those count that
    were told while predictions are kept, and sold in the two years before the last one.
    Below the table each version has its state, and what share of the sales was within
    the forecast standard deviation (FSD) that it gave: 68 % is meant.
    """
    archive, now_ms = opening.archive(store_url), round(time.time() * 1000)
    if if_due and not _is_due(archive, now_ms):
        return
    kept_days = opening.settings(store_url).archive_predictions_days
    told_since_ms = now_ms - kept_days * _DAY_MS if kept_days else 0
    report = _made(archive, opening.store(store_url), now_ms, told_since_ms)
    rows = _rows(report, by, segment, version)
    if as_json:
        click.echo(json.dumps(report | {"rows": rows}, indent=2))
    else:
        _show(report, rows, segment)


def _is_due(archive: "Archive", now_ms: int) -> bool:
    last = archive.reports.get(ACCURACY_STANDING)
    if last is None or now_ms - last.made_ms >= _DAY_MS:
        return True
    changed_ms = archive.outcomes.last_change_ms()
    return changed_ms is not None and changed_ms >= last.made_ms


def _made(
    archive: "Archive", store: ModelStore, now_ms: int, told_since_ms: int
) -> dict[str, Any]:
    """Make and keep the report."""
    # Only this command loads numpy for it.
    from model_store.monitoring import report  # noqa: PLC0415

    made = report.make(archive, store.card, told_since_ms=told_since_ms)
    before = archive.reports.get(ACCURACY_STANDING)
    standing = report.standing(made, before.body if before else None, now_ms=now_ms)
    archive.reports.put(ACCURACY, made, made_ms=now_ms)
    archive.reports.put(ACCURACY_STANDING, standing, made_ms=now_ms)
    return made


def _rows(
    report: dict[str, Any], by: str, segment: str, version: str | None
) -> list[dict[str, Any]]:
    of_segment: dict[str, list[dict[str, Any]]] = report["rows"][by]
    if segment not in of_segment:
        known = ", ".join(name for name in of_segment if name) or "none yet"
        raise click.UsageError(f"no segment {segment!r}; there are: {known}")
    rows = of_segment[segment]
    return [row for row in rows if version in {None, row["version"]}]


def _show(report: dict[str, Any], rows: list[dict[str, Any]], segment: str) -> None:
    heads = ["from", "version", *([segment] if segment else [])]
    table = Table(*heads, *(head for head, _ in _COLUMNS))
    table.caption = (
        f"{report['sales']} sales, {report['priced']} of them priced, "
        f"{report['properties']} of these as properties; cells with fewer than "
        f"{report['fewest']} are not told"
    )
    for row in rows:
        place = [row["from"], row["version"] or "all"]
        place += [row["group"]] if segment else []
        table.add_row(*place, *(_cell(row.get(key)) for _, key in _COLUMNS))
    results().print(table)
    for one in report["versions"]:
        results().print(f"{one['version']}: {_state(one)}")
        if one["fsd_calibration"]:
            results().print(f"  FSD, by fifths: {_calibration(one)}")


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:,}"


def _calibration(version: dict[str, Any]) -> str:
    """Return what each fifth by FSD promised, and how many sales kept to it."""
    return ", ".join(
        f"{one['fsd']} % held {one['within']} %" for one in version["fsd_calibration"]
    )


def _state(version: dict[str, Any]) -> str:
    worse = [
        f"{alarm['measure']} {alarm['value']} % over {alarm['outcomes']:,} sales since "
        f"{alarm['began_about']}, tolerated {alarm['tolerance']} %"
        for alarm in version["alarms"]
        if alarm["state"] == "degraded"
    ]
    return "; ".join([version["state"], *worse])

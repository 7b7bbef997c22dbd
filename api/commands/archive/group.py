"""`kerbside archive`: the group, and the commands on the archive as a whole."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from rich.table import Table

from api.commands import asking, auditing
from api.commands.archive import opening
from api.commands.archive.export import export
from api.commands.archive.leave import leave
from api.launcher import faults, installation
from api.launcher.faults import ArchiveUnusable, RedisUnreachable
from model_store.command_line import Group, results
from worker.audit import Outcome
from worker.jobs import rfc3339

_EXIT_CODES = {
    1: "The question was answered with no, the feed is read, or an unexpected fault.",
    **faults.exit_codes(RedisUnreachable, ArchiveUnusable),
}
_KIB = 1024
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=Group, exit_codes=_EXIT_CODES)
def archive() -> None:
    """Look after the archive: predictions, sales, outcomes and the audit log.

    It is the database at KERBSIDE_ARCHIVE_URL, by default that of the `kerbside up`
    which runs on the state folder.
    """


@archive.command()
@_as_json
def migrate(*, as_json: bool) -> None:
    """Make the tables, or bring them up to date; all of it or nothing.

    Run it before the processes of a new release start; `kerbside up` does it itself.
    Two at once are safe: one waits.

    With --json it prints {"before", "now"}, revisions of the tables; null: none.
    """
    with opening.opened() as opened:
        before, now = opened.migrate()
        place = opened.database.place
    if as_json:
        click.echo(json.dumps({"before": before, "now": now}))
    elif before == now:
        click.echo(f"The tables of {place} are up to date, at revision {now}.")
    else:
        was = f"were at revision {before}" if before else "were not there"
        click.echo(f"The tables of {place} {was} and are at revision {now} now.")


@archive.command()
@_as_json
def status(*, as_json: bool) -> None:
    """Show how much the archive holds, and from when.

    With --json it prints {"url", "revision", "size_bytes", "tables": {name: {"rows",
    "oldest", "newest", "kept_days"}}}; the URL is without its password, and 0 days are
    for ever.
    """
    # As in `opening`: other commands do not pay for it.
    from model_store.archive import inventory  # noqa: PLC0415

    with opening.opened() as opened:
        found = inventory.take(opened.database)
        place = opened.database.place
    days = installation.read_settings().archive_days()
    rows: dict[str, dict[str, Any]] = {
        name: {
            "rows": one.rows,
            "oldest": _time(one.oldest),
            "newest": _time(one.newest),
            "kept_days": days.get(name, 0),
        }
        for name, one in found.tables.items()
    }
    if as_json:
        told = {**asdict(found), "url": place, "tables": rows}
        click.echo(json.dumps(told, indent=2))
        return
    size = f"{found.size_bytes / _KIB:,.0f} KiB"
    click.echo(f"{place}, revision {found.revision}, {size}")
    table = Table("table", "rows", "oldest", "newest", "kept for", box=None)
    for name, row in rows.items():
        kept = f"{row['kept_days']:,} days" if row["kept_days"] else "ever"
        times = (str(row[end] or "-") for end in ("oldest", "newest"))
        table.add_row(name, f"{row['rows']:,}", *times, kept)
    results().print(table)


@archive.command()
@_as_json
def prune(*, as_json: bool) -> None:
    """Take away now what is older than the settings keep it.

    The worker of lane upkeep does so each hour. The rows' space is used again; a file
    of SQLite does not get smaller.

    With --json it prints how many rows went, by table.
    """
    days = installation.read_settings().archive_days()
    gone: dict[str, int] = dict.fromkeys(days, 0)
    with opening.opened() as opened:
        today = datetime.now(UTC).date()
        while step := opened.retention.prune(days, today=today):
            gone = {name: count + step.get(name, 0) for name, count in gone.items()}
    auditing.keep("prune_archive", [name for name, count in gone.items() if count])
    _tell(gone, as_json=as_json)


@archive.command()
@click.argument("tenant")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_as_json
def erase(*, tenant: str, yes: bool, as_json: bool) -> None:
    """Erase all that the archive holds of TENANT, for good.

    That is its predictions, what challengers said of them, its outcomes, and its
    properties with their valuations. What Redis holds of it still,
    `DELETE /v1/predictions/{id}` erases.

    With --json it prints how many rows went, by table.
    """
    if not yes:
        what = f"erase everything that the archive holds of tenant {tenant}"
        asking.agree(what, otherwise="--yes")
    outcome: Outcome = "failed"
    try:
        with opening.opened() as opened:
            gone = opened.retention.erase(tenant)
        outcome = "done"
    finally:
        # What went before it failed is gone for good.
        auditing.keep("erase_tenant", [tenant], outcome)
    _tell(gone, as_json=as_json)


archive.add_command(export)
archive.add_command(leave)


def _tell(gone: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(gone))
        return
    told = ", ".join(f"{count:,} {name}" for name, count in gone.items() if count)
    click.echo(f"Gone: {told or 'nothing'}.")


def _time(found: Any) -> str | None:
    return rfc3339(found) if isinstance(found, int) else found and found.isoformat()

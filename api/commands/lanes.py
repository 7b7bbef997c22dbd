"""`kerbside lanes`: lanes are looked at, paused, resumed and purged."""

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from api.commands import asking, auditing, redis_access
from api.launcher import faults, installation
from api.launcher.faults import RedisUnreachable
from api.ops_body import MAX_REASON
from model_store import actor
from model_store.command_line import Group, results
from worker.audit import Outcome
from worker.credentials import ONE_LINE
from worker.keys import LANES
from worker.lanes import Lanes
from worker.purging import Purged, Purging

_EXIT_CODES = {
    1: "The question was answered with no, or an unexpected fault.",
    **faults.exit_codes(RedisUnreachable),
}
#: What a list shows of each lane, and above which words.
_COLUMNS = {
    "waiting": "waiting",
    "running": "running",
    "oldest_age_s": "oldest s",
    "workers": "workers",
    "arrivals_per_s": "in/s",
    "jobs_per_s": "out/s",
    "scheduled": "later",
    "dead": "dead",
    "strays": "strays",
}


def _one_line(_: click.Context, __: click.Parameter, reason: str) -> str:
    if len(reason) > MAX_REASON or not re.fullmatch(ONE_LINE, reason):
        raise click.BadParameter(f"expected one line of {MAX_REASON} characters.")
    return reason


_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_lane = click.argument("lane", type=click.Choice(LANES))


@click.group(cls=Group, exit_codes=_EXIT_CODES)
def lanes() -> None:
    """Look at lanes, pause, resume or purge them.

    They are those in the Redis at KERBSIDE_REDIS_URL, by default in that of the
    `kerbside up` which runs on the state folder.
    """


@lanes.command("list")
@_as_json
def list_lanes(*, as_json: bool) -> None:
    """List the lanes as they are, paused or not.

    With --json it prints what `GET /v1/ops/queues` answers.
    """
    with _lanes() as kept:
        shown = kept.queues()
    if as_json:
        click.echo(json.dumps(shown))
        return
    table = Table("lane", *_COLUMNS.values(), "paused", box=None)
    for lane, figures in shown["queues"].items():
        row = [f"{figures[name]:,}" for name in _COLUMNS]
        table.add_row(lane, *row, escape(_pause(figures)))
    results().print(table)


@lanes.command()
@_lane
@click.option(
    "--reason", default="", callback=_one_line, help="For those who find it paused."
)
@_as_json
def pause(*, lane: str, reason: str, as_json: bool) -> None:
    """Let no worker take jobs of LANE until it is resumed; it still takes submits.

    One that is paused already stays so, since its first pause and for its reason. With
    --json it prints the lane as `list` does.
    """
    with _lanes() as kept:
        kept.pause(lane, by=actor.running(), reason=reason)
        figures = kept.queue(lane)
    auditing.keep("pause_lane", [lane])
    _tell(figures, f"{lane} is paused.", as_json=as_json)


@lanes.command()
@_lane
@_as_json
def resume(*, lane: str, as_json: bool) -> None:
    """Let workers take jobs of LANE again.

    With --json it prints the lane as `list` does.
    """
    with _lanes() as kept:
        kept.resume(lane)
        figures = kept.queue(lane)
    auditing.keep("resume_lane", [lane])
    _tell(figures, f"{lane} is not paused.", as_json=as_json)


@lanes.command()
@_lane
@click.option("--dry-run", is_flag=True, help="Only tell how many it would be.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@_as_json
def purge(*, lane: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """End all that waits in LANE as canceled, by_operator; clients are told.

    What workers have in hand, and what comes meanwhile, is left alone. Deliveries of
    webhooks can be recovered. It asks before it acts.

    With --json it prints {"dry_run", "purged", "remaining"}.
    """
    settings = installation.read_settings()
    with redis_access.connected(settings) as client:
        purging = Purging(client, settings)
        count = purging.waiting(lane)
        if count and not (dry_run or yes):
            asking.agree(
                f"cancel {count:,} jobs of {lane}", otherwise="--yes, or --dry-run"
            )
        purged = Purged(count, 0) if dry_run else _purge(purging, lane)
    if as_json:
        record = {"dry_run": dry_run, "purged": purged.ended}
        click.echo(json.dumps(record | {"remaining": purged.remaining}))
        return
    click.echo(f"{purged.ended:,} {'would be ' if dry_run else ''}canceled.")


def _purge(purging: Purging, lane: str) -> Purged:
    outcome: Outcome = "failed"
    try:
        purged = purging.purge(lane)
        outcome = "done"
    finally:
        auditing.keep("purge_lane", [lane], outcome)
    return purged


@contextlib.contextmanager
def _lanes() -> Iterator[Lanes]:
    with redis_access.connected(installation.read_settings()) as client:
        yield Lanes(client)


def _tell(figures: dict[str, Any], words: str, *, as_json: bool) -> None:
    click.echo(json.dumps(figures) if as_json else words)


def _pause(figures: dict[str, Any]) -> str:
    """Return who paused a lane, when and why; nothing where nobody did."""
    if not figures["paused"]:
        return ""
    since = (figures["paused_since"] or "")[:16].replace("T", " ")
    known = [since, figures["paused_by"], figures["paused_reason"]]
    return ", ".join(filter(None, known)) or "by an unknown hand"

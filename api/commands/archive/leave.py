"""`kerbside archive leave`: an installation does without its archive again."""

import json
from dataclasses import asdict

import click

from api.commands import asking, auditing, redis_access
from api.launcher import installation
from api.launcher.faults import Fault
from model_store.command_line import Command
from worker.audit import Outcome
from worker.leaving import Leaving, Left


@click.command(cls=Command)
@click.option("--dry-run", is_flag=True, help="Only tell what it would come to.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def leave(*, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Let finished jobs end by themselves again, without an archive.

    Take KERBSIDE_ARCHIVE_URL away from all processes first, those of lane upkeep above
    all. What the archive has it keeps. What still waits for it never comes there:
    finished jobs stay in Redis for as long as they do without an archive, counted from
    now, and what was erased meanwhile stays in the archive if it is there.

    It asks before it acts, and may be repeated if it was cut off.

    With --json it prints {"dry_run", "lapsed", "unarchived": {"jobs", "erasures",
    "actions"}}: jobs that were given an end, and what waited for the archive.
    """
    settings = installation.read_settings()
    with redis_access.connected(settings) as client:
        leaving = Leaving(client, settings)
        if leaving.is_read() and not dry_run:
            raise Fault(
                "An archivist has read the feed seconds ago, and would make it again. "
                "Take KERBSIDE_ARCHIVE_URL away from all workers of lane upkeep, "
                "restart them, and repeat this 10 seconds later. Nothing was done."
            )
        left = leaving.look()
        if not (dry_run or yes):
            asking.agree(
                f"leave the archive, let {left.lapsed:,} finished jobs end by "
                f"themselves, and drop what waits for it: {_waited(left)}",
                otherwise="--yes, or --dry-run",
            )
        left = left if dry_run else _leave(leaving)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, **asdict(left)}))
        return
    would, were = ("would ", "would be") if dry_run else ("", "were")
    click.echo(f"{left.lapsed:,} finished jobs {would}end by themselves from now on.")
    click.echo(f"Of what waited for the archive {were} dropped: {_waited(left)}.")


def _leave(leaving: Leaving) -> Left:
    """Do it, and write it down, however it ends."""
    outcome: Outcome = "failed"
    try:
        left = leaving.leave()
        outcome = "done"
    finally:
        auditing.keep("leave_archive", [], outcome)
    return left


def _waited(left: Left) -> str:
    waited = asdict(left.unarchived)
    return ", ".join(f"{count:,} {name}" for name, count in waited.items())

"""`kerbside audit`: what operators did."""

import json
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from api.commands import auditing, redis_access
from api.launcher import faults, installation
from api.launcher.faults import RedisUnreachable
from model_store.command_line import Command, results
from worker.audit import KEPT, Audit

#: Actions that are shown, when nothing is said.
_SHOWN = 50
#: Targets of an action in the table; JSON lists more.
_TARGETS = 3


@click.command(cls=Command, exit_codes=faults.exit_codes(RedisUnreachable))
@click.option(
    "--limit",
    type=click.IntRange(1, KEPT),
    default=_SHOWN,
    show_default=True,
    help="How many, at most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def audit(*, limit: int, as_json: bool) -> None:
    """List what operators did, newest first, over HTTP and by commands.

    The newest 10,000 actions that were done, and 1,000 that were refused or failed, are
    kept in the Redis at KERBSIDE_REDIS_URL, by default in that of the `kerbside up`
    which runs on the state folder. Beside them are the newest 100 changes of the
    aliases, as the model store tells of them, where it can be read.

    With --json it prints {"results": [{"time", "actor", "operation", "targets",
    "target_count", "request_id", "outcome"}]}; of many targets the first 100 are
    listed, and all are counted.
    """
    settings = installation.read_settings()
    with redis_access.connected(settings) as client:
        found = Audit(client).newest(limit, auditing.changes(settings))
    if as_json:
        click.echo(json.dumps({"results": found}))
        return
    if not found:
        click.echo("No operator has done anything yet.")
        return
    table = Table("time", "who", "what", "on what", "outcome", box=None)
    for one in found:
        row = (one["time"], one["actor"], one["operation"], _on(one), one["outcome"])
        table.add_row(*map(escape, row))
    results().print(table)


def _on(action: dict[str, Any]) -> str:
    shown = action["targets"][:_TARGETS]
    more = action["target_count"] - len(shown)
    return " ".join(shown) + (f" and {more} more" if more else "")

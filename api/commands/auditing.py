"""What an operator did by a command is written down, beside what HTTP wrote."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from api.commands import redis_access
from api.launcher import actor, installation
from api.launcher.faults import RedisUnreachable
from worker.audit import Action, Audit, Outcome


def keep(operation: str, targets: Sequence[str], outcome: Outcome = "done") -> None:
    """Write an action down; where that cannot be done, say so on stderr.

    It has happened, so a log that cannot be written is no fault of the command.

    Args:
        operation: What was done.
        targets: Ids of what it was done to.
        outcome: What came of it.
    """
    action = Action(
        time=datetime.now(UTC),
        actor=actor.running(),
        operation=operation,
        targets=targets,
        outcome=outcome,
    )
    try:
        with redis_access.connected(installation.read_settings()) as client:
            Audit(client).keep(action)
    except (RedisUnreachable, click.UsageError) as error:
        told = error.format_message()
        click.echo(f"Warning: not written to the audit log. {told}", err=True)

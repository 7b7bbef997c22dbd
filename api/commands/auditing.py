"""What an operator did by a command is written down, beside what HTTP wrote."""

import os
import pwd
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from api.commands import redis_access
from api.launcher import installation
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
        actor=f"cli:{_user()}",
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


def _user() -> str:
    """Return the user who runs this, whatever the environment says."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)

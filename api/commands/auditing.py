"""What an operator did by a command is written down, beside what HTTP wrote."""

import contextlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click

from api.commands import redis_access
from api.launcher import installation
from api.launcher.faults import RedisUnreachable
from api.settings import ApiSettings
from model_store import actor
from model_store.aliases import Change
from model_store.errors import ModelStoreError
from model_store.store import ModelStore
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
        _write([action])
    except (RedisUnreachable, click.UsageError) as error:
        told = error.format_message()
        click.echo(f"Warning: not written to the audit log. {told}", err=True)


def keep_changes(made: Iterable[Change]) -> None:
    """Write down changes of the aliases, which are in the log by their file as well.

    Args:
        made: Those that there are.
    """
    with contextlib.suppress(RedisUnreachable, click.UsageError):
        _write(map(Action.of, made))


def changes(settings: ApiSettings) -> Sequence[Change]:
    """Return what the aliases' file tells of who changed them; nothing without it."""
    with contextlib.suppress(ModelStoreError):
        return ModelStore.from_settings(settings).aliases().changes
    return ()


def _write(actions: Iterable[Action]) -> None:
    with redis_access.connected(installation.read_settings()) as client:
        for action in actions:
            Audit(client).keep(action)

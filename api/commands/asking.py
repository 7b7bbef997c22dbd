"""A question before something is done that cannot be taken back."""

import sys

import click

from api.launcher.faults import Fault


def agree(what: str, *, otherwise: str) -> None:
    """Ask whether something is to be done.

    Args:
        what: What would be done, such as `discard 2 dead letters`.
        otherwise: What a script says that nobody is asked in, such as `--yes`.

    Raises:
        Fault: The answer is no.
        click.UsageError: There is nobody to answer.
    """
    if not _is_at_a_terminal():
        raise click.UsageError(f"This would {what}: say {otherwise}.")
    if not click.confirm(f"{what[0].upper()}{what[1:]}?", err=True):
        raise Fault("Nothing was done.")


def _is_at_a_terminal() -> bool:
    return sys.stdin.isatty()

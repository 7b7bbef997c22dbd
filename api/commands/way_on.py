"""What a command that was ended early says: how far it is, and how to go on."""

import contextlib
import shlex
from collections.abc import Iterator

import click
from click.core import ParameterSource

from api.client import ApiError, KerbsideError
from api.commands.pricing_task import Task
from api.errors import MemoryIsFull

_KEEPS = """\
The job store keeps 3.3 kB of each prediction, by default for a day. With --delete each
goes as soon as its row is written.\
"""
_DELETES = """\
What others keep in the job store must expire first; or whoever runs the service gives
it more memory: KERBSIDE_EMBEDDED_MEMORY, or maxmemory of its Redis.\
"""


@contextlib.contextmanager
def told(ctx: click.Context, task: Task, *, can_go_on: bool) -> Iterator[None]:
    """Say how to go on, whatever ends the block early."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, KerbsideError, OSError) as end:
        is_full = isinstance(end, ApiError) and end.type == MemoryIsFull.type_uri()
        if is_full:
            click.echo(_KEEPS if task.keep else _DELETES, err=True)
        if can_go_on:
            click.echo(
                f"Stopped: {task.done:,} of {task.houses:,} houses are done. To go on:"
                f"\n  {shlex.join(_words(ctx, deletes=is_full))}",
                err=True,
            )
        raise


def _words(ctx: click.Context, *, deletes: bool) -> Iterator[str]:
    """Yield the words of the command that goes on; a key is never repeated."""
    yield from ctx.command_path.split()
    left_out = {"key", "overwrite"} | ({"keep"} if deletes else set())
    for parameter in ctx.command.params:
        name = parameter.name or ""
        is_typed = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_typed and name not in left_out:
            yield from _typed(parameter, ctx.params[name])
    if deletes:
        yield "--delete"


def _typed(parameter: click.Parameter, value: object) -> Iterator[str]:
    if isinstance(parameter, click.Argument):
        yield str(value)
    elif isinstance(value, bool):
        yield (parameter.opts if value else parameter.secondary_opts)[0]
    else:
        for one in value if isinstance(value, tuple) else [value]:
            yield from (parameter.opts[0], str(one))

"""What all commands have in common: exit codes in their help, and how they end early.

A foreseeable fault is a sentence on stderr and an exit code, never a traceback.
"""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click
from pydantic import ValidationError
from rich.console import Console

from model_store import logs
from model_store.settings import ModelSettings

#: Exit codes of every command; shells tell a signal by 128 and its number.
DONE, UNEXPECTED, WRONG_USAGE, IO_FAULT, INTERRUPTED, PIPE_CLOSED = (
    0,
    1,
    2,
    74,
    130,
    141,
)

_EVERYWHERE = {
    DONE: "Done.",
    UNEXPECTED: "An unexpected fault.",
    WRONG_USAGE: "Wrong usage or setting.",
    IO_FAULT: "A file or the output cannot be read or written.",
    INTERRUPTED: "Ended by Ctrl-C.",
    PIPE_CLOSED: "Who read the output went away.",
}

#: What helps against a fault of the operating system.
_REMEDIES = {
    errno.ENOSPC: "Make room, then repeat the command.",
    errno.EDQUOT: "Make room, then repeat the command.",
    errno.EACCES: "Give this user the right to it.",
    errno.EPERM: "Give this user the right to it.",
    errno.ENOENT: "Look at how it is spelt.",
}

#: Columns of a table that no terminal bounds: a line stays a line for `grep`.
_UNBOUNDED = 1000


def set_up_logs() -> None:
    """Let this process log in the form and from the level that its settings say."""
    try:
        settings = ModelSettings.from_env()
    except ValidationError:
        # What is wrong with them is told by who needs them.
        settings = ModelSettings()
    logs.set_up(settings.log_format, settings.log_level)


class IoFault(click.ClickException):
    """A file or the output cannot be read or written."""

    exit_code = IO_FAULT

    def __init__(self, error: OSError) -> None:
        place = "" if error.filename is None else f"{error.filename}: "
        remedy = _REMEDIES.get(error.errno or 0, "")
        super().__init__(f"{place}{error.strerror or error}. {remedy}".strip())


class _Documented(click.Command):
    """Shows at the end of its help the exit codes that it, or its group, may have."""

    def __init__(
        self, *args: Any, exit_codes: Mapping[int, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._exit_codes = exit_codes

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes."""
        super().format_epilog(ctx, formatter)
        known = _EVERYWHERE | _own_codes(ctx)
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), known[code]) for code in sorted(known)])


def _own_codes(ctx: click.Context | None) -> dict[int, str]:
    """Return the exit codes that a command or the nearest group above it names."""
    while ctx is not None:
        codes = getattr(ctx.command, "_exit_codes", None)
        if codes is not None:
            return dict(codes)
        ctx = ctx.parent
    return {}


class Command(_Documented):
    """A command of one manner with all others.

    Args:
        exit_codes: Meaning of each exit code beside those that every command has; by
            default those of its group.
    """


class Group(_Documented, click.Group):
    """A group of such commands, which ends them in one manner whatever ends them."""

    command_class = Command
    group_class = type

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the command line."""
        with _ended_in_one_manner():
            if sys.stdout is None:  # as `>&-` leaves it
                raise OSError(errno.EBADF, "The output is closed; none is >/dev/null")
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it printed has left this process afterwards."""
        with _ended_in_one_manner():
            answer = super().invoke(ctx)
            sys.stdout.flush()
            return answer


def results() -> Console:
    """Return a console for what a command tells, on stdout."""
    console = _Results(highlight=False)
    if not console.is_terminal:
        console.width = _UNBOUNDED
    return console


class _Results(Console):
    def on_broken_pipe(self) -> None:
        """Let the command end as every other does."""
        raise  # noqa: PLE0704 -- rich calls it while it handles the error


@contextlib.contextmanager
def _ended_in_one_manner() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        _leave_stdout()
        raise click.exceptions.Exit(PIPE_CLOSED) from None
    except OSError as error:
        _leave_stdout()
        raise IoFault(error) from error
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)  # the terminal has shown ^C
        raise click.exceptions.Exit(INTERRUPTED) from None


def _leave_stdout() -> None:
    """Drop what cannot be written, which Python would try again at its exit."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

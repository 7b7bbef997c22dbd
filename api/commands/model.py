"""`kerbside model`: handed to a program that may load the model stack."""

import os
import shlex
import subprocess
import sys

import click
from click.shell_completion import CompletionItem

from api.settings import child_environment
from model_store.command_line import Command

_PROGRAM = (sys.executable, "-m", "model_store")


def _completed(
    ctx: click.Context, _: click.Parameter | None, incomplete: str
) -> list[CompletionItem]:
    """Return what may follow, as the other program says it."""
    words = ["kerbside", *ctx.params["arguments"], incomplete]
    told = subprocess.run(
        _PROGRAM,
        env=child_environment(
            _KERBSIDE_MODEL_COMPLETE="bash_complete",
            COMP_WORDS=shlex.join(words),
            COMP_CWORD=str(len(words) - 1),
        ),
        check=False,
        capture_output=True,
        text=True,
    ).stdout
    pairs = (line.partition(",") for line in told.splitlines())
    return [CompletionItem(value, type=kind) for kind, _, value in pairs]


class _Handed(Command):
    """A command whose options are those of the other program."""

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """Return the options that may follow."""
        return _completed(ctx, None, incomplete)


@click.command(
    cls=_Handed,
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument(
    "arguments", nargs=-1, type=click.UNPROCESSED, shell_complete=_completed
)
def model(arguments: tuple[str, ...]) -> None:
    """Train models and look at them: `kerbside model --help`."""
    os.execv(sys.executable, [*_PROGRAM, *arguments])  # noqa: S606 -- becomes the program, no shell

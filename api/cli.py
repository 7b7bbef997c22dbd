"""The command `kerbside`; what needs the model stack is run, never imported."""

import os
import sys

import click

import api
from api.commands.keys import keys
from api.launcher.up import up


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(api.__version__, message="kerbside %(version)s")
def main() -> None:
    """Price houses: asynchronously, with honest ranges."""


@main.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def model(arguments: tuple[str, ...]) -> None:
    """Train models and look at them: `kerbside model --help`."""
    command = [sys.executable, "-m", "model_store", *arguments]
    os.execv(sys.executable, command)  # noqa: S606 -- becomes the program, no shell


main.add_command(up)
main.add_command(keys)

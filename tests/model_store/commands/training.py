"""Trains in tests of commands."""

from pathlib import Path

from click.testing import CliRunner, Result

from model_store.cli import cli

#: A version beside the champion.
SECOND = "20200101-00000002"


def train(run: CliRunner, definition: Path, *options: str) -> Result:
    """Run the command on a data set."""
    return run.invoke(cli, ["train", "--data", str(definition), *options])

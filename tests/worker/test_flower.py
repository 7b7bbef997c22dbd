"""Laws of how Flower is started; tests/system/test_flower.py has those of its pages."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.settings import child_environment
from worker import flower

ROOT = Path(__file__).parents[2]

#: Starts Flower, but for the page itself: then it prints who is let in.
_STARTED = """
import sys
from flower import command
from flower.options import options
from worker.flower import main

command.extract_settings = lambda: sys.exit(f"let in: {options.basic_auth}")
main(args=sys.argv[1:])
"""


@pytest.mark.parametrize("login", ["", "kerbside", "kerbside:", ":secret"])
def test_without_a_login_flower_does_not_start(login: str) -> None:
    """It never stands open because a variable was forgotten; the message names it."""
    done = CliRunner().invoke(flower.main, env={"FLOWER_BASIC_AUTH": login})

    assert done.exit_code == 2
    assert "FLOWER_BASIC_AUTH" in done.stderr


@pytest.mark.parametrize(
    ("words", "login"),
    [
        ((), "ada:one,eve:two"),
        (("--basic_auth=ada:three",), "ada:three"),
        (("--basic-auth=ada:three",), "ada:three"),
    ],
)
def test_one_login_opens_flower(words: tuple[str, ...], login: str) -> None:
    """The option counts before the variable, and a comma is part of a password."""
    done = subprocess.run(
        [sys.executable, "-c", _STARTED, *words],
        env=child_environment(FLOWER_BASIC_AUTH="ada:one,eve:two"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"let in: {[login]}" in done.stderr

"""Laws of what `kerbside up` prints, seen from whoever reads it."""

import subprocess
import sys

import pytest

#: Prints far more than a pipe holds, so that the writer meets the closed end.
CODE = """
from api.launcher.screen import Screen
screen = Screen()
for number in range(2000):
    screen.addresses({"API": "http://127.0.0.1:8000 " + "x" * 80})
with screen.step("Valkey", "starting") as told:
    told("[not] markup")
screen.close()
"""


@pytest.fixture
def writer() -> "subprocess.Popen[bytes]":
    """Return a process that prints."""
    return subprocess.Popen(
        [sys.executable, "-c", CODE],
        env={"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_reader_that_goes_away_does_not_end_it(
    writer: "subprocess.Popen[bytes]",
) -> None:
    """`kerbside up | head` goes on, and what it supervises with it."""
    with writer:
        assert writer.stdout
        assert writer.stderr
        writer.stdout.read(10)
        writer.stdout.close()
        told = writer.stderr.read().decode()

    assert writer.returncode == 0
    assert "Valkey" in told


def test_a_terminal_without_utf_8_gets_what_it_can_show(
    writer: "subprocess.Popen[bytes]",
) -> None:
    """A sign that it does not know is no reason to stop."""
    with writer:
        out, told = writer.communicate(timeout=30)

    assert writer.returncode == 0
    assert out.count(b"http://127.0.0.1:8000") == 2000
    assert told.startswith(b"  ? Valkey     [not] markup  ")

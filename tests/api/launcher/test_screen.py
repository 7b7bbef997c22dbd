"""Laws of what `kerbside up` prints, seen from whoever reads it."""

import subprocess
import sys
from typing import Any

import pytest

from api.launcher.screen import Screen
from api.launcher.showcase import Sale

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


def test_houses_of_another_market_are_shown_with_their_gaps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A table may lack cells, and hold any text; a year is no amount."""
    output = {"price": 250_000, "interval": {"low": 200_000, "high": 300_000}}
    houses: list[dict[str, Any]] = [
        {"area": 84.5},
        {"tenure": "[/Freehold]", "area": 12_500, "built": 1975},
    ]

    Screen().houses(
        [Sale(house, 240_000, "2015-05-01", output) for house in houses], "t", "c"
    )

    first, second = (
        line.split()
        for line in capsys.readouterr().out.splitlines()
        if "250,000" in line
    )
    assert first[:2] == ["84.5", "250,000"]
    assert second[:4] == ["12,500", "[/Freehold]", "1975", "250,000"]

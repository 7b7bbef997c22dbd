"""A report says the same on the terminal and on the page."""

import io
import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from benchmarks import report
from benchmarks.report import Details, Finding, Report


@pytest.fixture
def found() -> Report:
    """Return a report with a finding of each kind."""
    found = Report(datetime(2026, 1, 2, 3, 4, tzinfo=UTC), [("machine", "2 cores")])
    found.add(
        Finding("fast | cheap", ">= 20 x", "21.5 x", held=True),
        Finding("small", "<= 1/8", "1/7", held=False),
        Finding("by the way", "", "3"),
        Details("Where it went", ("", "api"), [("Kerbside", "0.5")], ("A note.",)),
    )
    found.raw["loaded"] = {"ratio": 21.5}
    found.minutes = 5.4
    return found


def test_the_page_holds_every_finding_and_detail(found: Report) -> None:
    """The page is Markdown: tables, notes, machine, date; a bar in a cell is kept."""
    page = report.as_markdown(found)

    assert page.startswith("# Benchmarks\n")
    assert "2026-01-02 03:04 UTC in 5 minutes" in page
    assert "| fast \\| cheap | >= 20 x | 21.5 x | held |\n" in page
    assert "| small | <= 1/8 | 1/7 | missed |\n" in page
    assert "| by the way |  | 3 |  |\n" in page
    assert "## Where it went\n\n|  | api |\n| --- | --- |\n| Kerbside | 0.5 |\n" in page
    assert "A note.\n" in page
    assert page.endswith("| machine | 2 cores |\n")


def test_the_terminal_shows_the_same(found: Report) -> None:
    """Every figure of the page is on the screen too."""
    screen = io.StringIO()
    Console(file=screen, width=120).print(report.for_terminal(found))

    for text in ("21.5 x", "held", "missed", "1/7", "0.5", "A note.", "2 cores"):
        assert text in screen.getvalue()


def test_the_raw_figures_are_json(found: Report) -> None:
    """Whoever wants to reckon again finds the figures unrounded."""
    assert json.loads(report.as_json(found)) == {
        "began": "2026-01-02T03:04:00+00:00",
        "loaded": {"ratio": 21.5},
    }

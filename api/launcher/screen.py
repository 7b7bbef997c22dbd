"""What `kerbside up` shows: steps as they happen, then the houses and the addresses."""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.launcher.showcase import Sale

#: Columns of a house that are shown: the first of its schema.
_HOUSE_COLUMNS = 3
#: From here on digits are in groups of three; below it may be a year, which has none.
_GROUPED = 10_000

_LABEL_WIDTH = 10


class _Terminal(Console):
    """A console whose reader may go away while everything else goes on."""

    def on_broken_pipe(self) -> None:
        """Write to nowhere from now on, where the default would end the process."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


class Screen:
    """Progress on stderr, results on stdout; survives a closed terminal."""

    def __init__(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a terminal that knows no UTF-8
                stream.reconfigure(errors="replace")
        self._progress = _Terminal(stderr=True, highlight=False, soft_wrap=True)
        self._results = _Terminal(highlight=False, markup=False)

    def say(self, text: str, style: str = "") -> None:
        """Print a line of progress."""
        _print(self._progress, Text(text, style))

    def warn(self, text: str) -> None:
        """Print a line that deserves a look."""
        self.say(f"  ! {text}", "yellow")

    def log(self, name: str, line: str) -> None:
        """Print a line that a process logged."""
        self.say(f"{name:>13} | {line}", "dim")

    @contextlib.contextmanager
    def step(self, label: str, doing: str) -> Iterator[Callable[[str], None]]:
        """Show a step while it lasts; the block gets a function that tells its end."""
        begun = time.monotonic()
        told = [""]
        with self._progress.status(f"[dim]{label:<{_LABEL_WIDTH}}[/] {doing}"):
            yield lambda text: told.__setitem__(0, text)
        self.tell(label, told[0], f"  {time.monotonic() - begun:.1f} s")

    def tell(self, label: str, text: str, aside: str = "") -> None:
        """Print a line about something that is done."""
        mark, name = ("  ✓ ", "green"), (f"{label:<{_LABEL_WIDTH}} ", "bold")
        _print(self._progress, Text.assemble(mark, name, text, (aside, "dim")))

    def houses(self, sales: Sequence[Sale], title: str, caption: str) -> None:
        """Print the priced houses beside what they sold for, and what to make of it."""
        table = Table(
            title=f"\n{title}",
            title_justify="left",
            title_style="bold",
            caption=caption,
            caption_justify="left",
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        # What is missing of a house is not in it.
        names = dict.fromkeys(name for sale in sales for name in sale.house)
        columns = list(names)[:_HOUSE_COLUMNS]
        for name in columns:
            words = name.split("_")
            table.add_column(
                " ".join(words),
                justify="right",
                style="dim",
                min_width=max(map(len, words)),
            )
        for name in ("price", "range", "sold for"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("in range", justify="center")
        for sale in sales:
            table.add_row(
                *(_plain(sale.house.get(name, "")) for name in columns), *_cells(sale)
            )
        _print(self._results, table)

    def addresses(self, rows: Mapping[str, str]) -> None:
        """Print labelled lines, with space around them."""
        _print(self._results, Text())
        for label, text in rows.items():
            line = Text.assemble((f"  {label:<{_LABEL_WIDTH}} ", "bold"), text)
            _print(self._results, line)

    def paste(self, command: str) -> None:
        """Print a command line so that it can be copied whole."""
        _print(self._results, Text(f"\n  Price a house of your own:\n\n{command}"))

    def record(self, record: Mapping[str, Any]) -> None:
        """Print one JSON object on a line of its own."""
        _print(self._results, Text(json.dumps(record)))

    def close(self) -> None:
        """Leave the terminal as it was."""
        with contextlib.suppress(OSError):
            self._progress.show_cursor(show=True)


def _plain(value: Any) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,.10g}" if abs(value) >= _GROUPED else f"{value:.10g}"


def _cells(sale: Sale) -> tuple[str | Text, ...]:
    interval = sale.output["interval"]
    return (
        Text(f"{sale.output['price']:,}", "bold"),
        f"{interval['low']:,} - {interval['high']:,}",
        f"{sale.sold_for:,}",
        Text("yes", "green") if sale.is_within else Text("no", "yellow"),
    )


def _print(console: _Terminal, text: Text | Table) -> None:
    try:
        console.print(text, soft_wrap=isinstance(text, Text))
    except OSError:  # the terminal was closed
        console.on_broken_pipe()

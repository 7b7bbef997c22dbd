"""A file that grows row by row beside its place, and takes it once it is whole."""

import contextlib
import csv
import io
import itertools
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TextIO

from worker.supervision import lockfile


class PlaceTaken(Exception):
    """Another process writes the file."""


@contextlib.contextmanager
def opened(output: str) -> Iterator["Place | Stream"]:
    """Open where rows go: a file, what is no file such as a pipe, or - for stdout.

    Raises:
        PlaceTaken: Another process owns the file.
    """
    # A link stays one: its target is written.
    path = Path(output).resolve()
    if output == "-":
        yield Stream(sys.stdout)
    elif path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="") as file:
            yield Stream(file)
    else:
        with owned(path) as place:
            yield place


@dataclass(frozen=True, slots=True)
class Table:
    """How a file is written."""

    columns: Sequence[str]
    delimiter: str
    #: What it begins with: a byte order mark, or nothing.
    mark: str

    def write_row(self, file: TextIO, cells: Sequence[Any]) -> None:
        """Write a row, in one piece."""
        csv.writer(file, delimiter=self.delimiter, lineterminator="\n").writerow(cells)

    def write_header(self, file: TextIO) -> None:
        """Write what stands before the first row."""
        file.write(self.mark)
        self.write_row(file, self.columns)


class Stream:
    """Where rows go one by one, and nothing lies of an earlier run."""

    can_go_on: ClassVar = False

    def __init__(self, file: TextIO) -> None:
        self._file = file
        if isinstance(file, io.TextIOWrapper):
            file.reconfigure(encoding="utf-8", newline="")

    def is_watched(self) -> bool:
        """Tell whether people see the rows come."""
        return self._file.isatty()

    def is_taken(self) -> bool:
        """Tell that no file is in the way."""
        return False

    def unfinished(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def begin(self, run: Mapping[str, Any], table: Table) -> None:
        """Write the header."""
        del run
        table.write_header(self._file)

    def go_on(self, table: Table) -> tuple[int, int]:
        """Return that there are no rows."""
        del table
        return 0, 0

    def rows(self, table: Table, *, first: int) -> Iterator[list[str]]:
        """Yield none."""
        del table, first
        yield from ()

    def growing(self) -> contextlib.AbstractContextManager[TextIO]:
        """Return the stream."""
        return contextlib.nullcontext(self._file)

    def secure(self, file: TextIO) -> None:
        """Hand on what was written."""
        file.flush()

    def note(self, run: Mapping[str, Any]) -> None:
        """Keep nothing."""

    def finish(self) -> None:
        """Leave it as it is."""


class Place:
    """Where the whole file is to be, owned by this process alone.

    Until it is whole its rows lie in `<path>.part`, and `<path>.run` says what run
    they are of.

    Args:
        path: Where the whole file is to be.
        handle: Of `<path>.run`.
    """

    can_go_on: ClassVar = True

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._part = _beside(path, ".part")
        self._handle = handle

    def is_watched(self) -> bool:
        """Tell that nobody sees the rows come."""
        return False

    def is_taken(self) -> bool:
        """Tell whether a file is there already."""
        return self._path.exists()

    def unfinished(self) -> dict[str, Any]:
        """Return what was said of the run whose rows lie here; nothing if none do."""
        text = os.pread(self._handle, os.fstat(self._handle).st_size, 0)
        return json.loads(text) if text and self._part.exists() else {}

    def begin(self, run: Mapping[str, Any], table: Table) -> None:
        """Begin a run, in place of any that was begun before."""
        with self._part.open("w", encoding="utf-8", newline="") as file:
            table.write_header(file)
        os.ftruncate(self._handle, 0)
        self.note(run)

    def note(self, run: Mapping[str, Any]) -> None:
        """Keep what is to be known of the run; it never takes less room than before."""
        os.pwrite(self._handle, json.dumps(run).encode(), 0)

    def go_on(self, table: Table) -> tuple[int, int]:
        """Take away a row that was cut off.

        Returns:
            How many whole rows there are, and how many of them end in an empty cell.
        """
        rows, empty, size = _whole_rows(self._part, table)
        os.truncate(self._part, size)
        if rows < 0:
            with self.growing() as file:
                table.write_header(file)
        return max(rows, 0), empty

    def rows(self, table: Table, *, first: int) -> Iterator[list[str]]:
        """Yield the cells of the rows that there are, from number `first` on."""
        with self._part.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=table.delimiter, strict=True)
            yield from itertools.islice(reader, 1 + first, None)

    @contextlib.contextmanager
    def growing(self) -> Iterator[TextIO]:
        """Return the file to append to; what is written has left this process."""
        with self._part.open("a", encoding="utf-8", newline="", buffering=1) as file:
            yield file

    def secure(self, file: TextIO) -> None:
        """Have what was written outlive a power cut."""
        os.fsync(file.fileno())

    def finish(self) -> None:
        """Put the file, which is whole now, in its place."""
        with self._part.open("rb") as file:
            os.fsync(file)
        self._part.replace(self._path)


@contextlib.contextmanager
def owned(path: Path) -> Iterator[Place]:
    """Own the place of a file; what is said of a run goes when its rows are gone.

    Raises:
        PlaceTaken: Another process owns it.
    """
    run = _beside(path, ".run")
    try:
        handle = lockfile.acquire(run)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    if handle is None:
        raise PlaceTaken
    try:
        yield Place(path, handle)
    finally:
        if not _beside(path, ".part").exists():
            run.unlink(missing_ok=True)
        os.close(handle)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _whole_rows(part: Path, table: Table) -> tuple[int, int, int]:
    """Return how many whole rows there are, those ending empty, and their bytes."""
    rows, empty, size, read = -1, 0, 0, 0  # the header is no row
    with part.open("rb") as file:

        def lines() -> Iterator[str]:
            nonlocal read
            for line in file:
                if line.endswith(b"\n"):  # else it was cut off
                    read += len(line)
                    yield line.decode()

        with contextlib.suppress(csv.Error):
            for record in csv.reader(lines(), delimiter=table.delimiter, strict=True):
                if len(record) != len(table.columns):
                    break
                rows, size, empty = rows + 1, read, empty + (record[-1] == "")
    return rows, empty, size

"""A CSV file of houses, read through once before any of them is submitted."""

import csv
import hashlib
import itertools
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import BinaryIO

#: Characters that may part the cells of a line; the first one where none does.
_DELIMITERS = (",", ";", "\t")
_MARK = "\ufeff"


class WrongFile(Exception):
    """The file is no table of houses; the message says where and what to do."""


class HouseFile:
    """The houses of a file, row by row.

    Args:
        file: Can be read from its start again.
        name: What messages call it.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name

    @cached_property
    def mark(self) -> str:
        """The byte order mark that it begins with, as files of Excel do, or nothing."""
        return _MARK if self._first_line.startswith(_MARK) else ""

    @cached_property
    def delimiter(self) -> str:
        """What parts its cells: a comma, a semicolon or a tab."""
        return max(_DELIMITERS, key=self._first_line.count)

    @cached_property
    def columns(self) -> Sequence[str]:
        """Names of its columns.

        Raises:
            WrongFile: There are none, or two are the same.
        """
        _, names = next(self._records(), (0, list[str]()))
        if not any(names):
            raise WrongFile(f"{self._name} is empty: its first line must name columns.")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise WrongFile(f"{self._name}: two columns are called {twice[0]!r}.")
        return names

    def rows(self) -> Iterator[list[str]]:
        """Yield the cells of each house; empty lines are passed over.

        Raises:
            WrongFile: A line cannot be read, or has too many cells or too few.
        """
        return (row for _, row in self.numbered_rows())

    def numbered_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line that each house ends in, and its cells; see `rows`."""
        return itertools.islice(self._records(), 1, None)

    def checked(self) -> tuple[int, str]:
        """Read all of it; return how many houses there are, and a hash of its bytes.

        Raises:
            WrongFile: A line cannot be read, or has too many cells or too few.
        """
        count = sum(1 for _ in self.rows())
        self._file.seek(0)
        return count, hashlib.file_digest(self._file, "sha256").hexdigest()  # type: ignore[arg-type] # any file of bytes will do

    @cached_property
    def _first_line(self) -> str:
        return next(self._lines(), "")

    def _lines(self) -> Iterator[str]:
        self._file.seek(0)
        for number, line in enumerate(self._file, 1):
            try:
                yield line.decode()
            except UnicodeDecodeError:
                raise WrongFile(
                    f"{self._name}, line {number}: not UTF-8; save it as CSV UTF-8."
                ) from None

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        lines = self._lines()
        lines = itertools.chain([next(lines, "").removeprefix(_MARK)], lines)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        width = 0
        try:
            for record in filter(None, reader):
                width = width or len(record)
                if len(record) != width:
                    raise WrongFile(
                        f"{self._name}, line {reader.line_num}: {len(record)} cells "
                        f"where the first line has {width}."
                    )
                yield reader.line_num, record
        except csv.Error as error:
            raise WrongFile(f"{self._name}, line {reader.line_num}: {error}.") from None

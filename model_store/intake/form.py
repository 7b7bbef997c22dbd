"""How a file is written: its encoding, its delimiter and its numbers."""

import bz2
import codecs
import csv
import gzip
import io
import itertools
import lzma
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

import pandas as pd

from model_store import numerals, table
from model_store.errors import DatasetError
from model_store.table_form import TableForm

_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
)
_BLOCK = 2**20
#: Lines by which the delimiter is told.
_LINES = 50
_DELIMITERS = (",", ";", "\t", "|")
#: Encodings by the mark at the beginning of a file.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

#: What a file is that is no table of text, by how it begins, and what helps.
_FOREIGN = {
    b"PK\x03\x04": "an Excel or another packed file: save the sheet as CSV (UTF-8), or "
    "give a packed CSV file the ending .zip",
    b"\xd0\xcf\x11\xe0": "an old Excel file: save the sheet as CSV (UTF-8)",
    b"\x1f\x8b": "packed by gzip: give it the ending .csv.gz",
    b"BZh": "packed by bzip2: give it the ending .csv.bz2",
    b"\xfd7zXZ": "packed by xz: give it the ending .csv.xz",
    b"PAR1": "Parquet: give it the ending .parquet",
    b"%PDF": "a PDF document: bring its table as CSV",
}

#: Marks of numbers, the plainest first: decimal, thousands.
_STYLES = (
    (".", None),
    (",", None),
    (".", ","),
    (",", "."),
    (",", " "),
    (",", "\N{NO-BREAK SPACE}"),
    (".", "'"),
    (".", " "),
)
_NUMBERLIKE = r"[^\d]{0,5}\d[\d.,' \u00a0]*[^\d]{0,5}"
#: Share of the cells of a column that look like numbers where it is one of numbers.
_MOSTLY = 0.9
#: Texts by which the style of numbers is told, at most.
_TEXTS = 20_000


@dataclass(frozen=True)
class Written:
    """How a file is written, as far as its bytes tell.

    Attributes:
        form: Delimiter and encoding.
        lines: Lines of the file; 0 for Parquet.
    """

    form: TableForm
    lines: int


def look(path: Path) -> Written:
    """Find encoding and delimiter of a file.

    Raises:
        DatasetError: It cannot be read, or is empty.
    """
    if table.is_parquet(path):
        return Written(TableForm(), 0)
    try:
        _expect_text(path)
        encoding, lines = _encoding(path)
        with _opened(path) as file:
            text = io.TextIOWrapper(file, encoding, newline="")
            head = "".join(itertools.islice(text, _LINES))
    except _UNREADABLE as error:
        raise DatasetError(
            f"{path}: cannot be read: {error}; is it whole, and does its ending say "
            "how it is packed?"
        ) from error
    if not head.strip():
        raise DatasetError(
            f"{path}: the file is empty; expected column names, then a sale a line"
        )
    if "\0" in head:
        raise DatasetError(
            f"{path}: there are zero bytes in its first lines, so it is no text in "
            f"{encoding}; save it as CSV (UTF-8)"
        )
    delimiter = _delimiter(head)
    _expect_names(path, next(csv.reader(io.StringIO(head), delimiter=delimiter), []))
    return Written(TableForm(delimiter=delimiter, encoding=encoding), lines)


def with_numbers(
    form: TableForm, cells: pd.DataFrame, decimal: str | None
) -> TableForm:
    """Find how numbers are written.

    Args:
        form: What is known so far.
        cells: A sample of texts, dates not among them.
        decimal: What stands between the whole and the rest of a number, if it was said.

    Raises:
        DatasetError: The same text would be two numbers.
    """
    texts = _marked(cells)
    styles = [one for one in _STYLES if decimal in (None, one[0])]
    read = {one: numerals.parse(texts, *one) for one in styles}
    most = max(int(values.notna().sum()) for values in read.values())
    best = [one for one in styles if int(read[one].notna().sum()) == most]
    if form.delimiter == "," and most:
        # Where a comma ends cells, it seldom ends the whole part of numbers.
        best = [one for one in best if one[0] == "."] or best
    first = best[0]
    for other in best[1:]:
        differ = (
            read[first].notna() & read[other].notna() & (read[first] != read[other])
        )
        if differ.any():
            readings = [f"{read[one][differ].iloc[0]:,.6g}" for one in (first, other)]
            raise DatasetError(
                f"numbers such as {texts[differ].iloc[0]!r} can be read as "
                f"{' or as '.join(readings)}: say which with --decimal . or --decimal ,"
            )
    return replace(form, decimal=first[0], thousands=first[1])


def _expect_text(path: Path) -> None:
    with _opened(path) as file:
        head = file.read(8)
    told = next((told for mark, told in _FOREIGN.items() if head.startswith(mark)), "")
    if told:
        raise DatasetError(f"{path}: expected a table of text; it is {told}")


def _expect_names(path: Path, names: list[str]) -> None:
    twice = [name for at, name in enumerate(names) if name and name in names[:at]]
    if twice:
        at = [str(at) for at, name in enumerate(names, start=1) if name == twice[0]]
        raise DatasetError(
            f"{path}: columns {' and '.join(at)} are both called {twice[0]!r}; give "
            "each a name of its own"
        )


def _marked(cells: pd.DataFrame) -> pd.Series:
    """Return texts of columns of numbers that have a mark in them."""
    known = [column.dropna().drop_duplicates() for _, column in cells.items()]
    alike = [
        column.astype(str)
        for column in known
        if len(column)
        and column.astype(str).str.fullmatch(_NUMBERLIKE).mean() > _MOSTLY
    ]
    if not alike:
        return pd.Series([], dtype=object)
    texts = pd.concat(alike, ignore_index=True).drop_duplicates()
    texts = texts.str.replace(r"^[^\d.,+-]+|[^\d]+$", "", regex=True)
    return texts[texts.str.contains(r"[.,' \u00a0]", regex=True)].head(_TEXTS)


def _encoding(path: Path) -> tuple[str, int]:
    """Return the encoding that a whole file has, and how many lines it has."""
    with _opened(path) as file:
        head = file.read(4)
    marked = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "")
    decoder = codecs.getincrementaldecoder(marked or "utf-8")()
    lines = 0
    try:
        with _opened(path) as file:
            while block := file.read(_BLOCK):
                lines += decoder.decode(block).count("\n")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        if marked:
            raise
        # Every byte is something in it, and most tables of Western offices are.
        return "cp1252", _lines(path)
    return marked or "utf-8", lines


def _lines(path: Path) -> int:
    with _opened(path) as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))


def _delimiter(head: str) -> str:
    """Return what splits the lines into the same number of cells, two at least."""

    def rows(delimiter: str) -> tuple[float, int]:
        sizes = [len(row) for row in csv.reader(head.splitlines(), delimiter=delimiter)]
        wide = sizes[0] if sizes else 0
        alike = sum(size == wide for size in sizes) / max(len(sizes), 1)
        return (alike if wide > 1 else 0.0, wide)

    return max(_DELIMITERS, key=rows)


def _opened(path: Path) -> IO[bytes]:
    # The same suffixes as pandas unpacks.
    match path.suffix.lower():
        case ".gz":
            return cast("IO[bytes]", gzip.open(path))
        case ".bz2":
            return bz2.open(path)
        case ".xz":
            return lzma.open(path)
        case ".zip":
            return _member(path)
    return path.open("rb")


def _member(path: Path) -> IO[bytes]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(names) != 1:
            raise ValueError(f"expected one file in it, got {len(names)}")
        return archive.open(names[0])

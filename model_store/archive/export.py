"""A table of the archive as a file: CSV, or Parquet with the extra `parquet`."""

import contextlib
import datetime as dt
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TextIO

from defusedcsv import csv
from sqlalchemy import Select, Table, func, select

from model_store.archive import tables
from model_store.archive.database import Database
from model_store.errors import ArchiveError

Form = Literal["csv", "parquet"]
#: Rows that are written at a time.
_BATCH = 5000

#: Is told how many rows of how many are written.
Report = Callable[[int, int], None]


class _Writer(Protocol):
    def write(self, rows: Sequence[Sequence[Any]]) -> None: ...


def export(
    database: Database,
    name: str,
    file: Path,
    form: Form,
    *,
    since: dt.date | None = None,
    until: dt.date | None = None,
    report: Report = lambda _, __: None,
) -> int:
    """Write a table's rows to a file, oldest first; return how many.

    The file takes its place when it is whole, readable for its owner alone.

    Args:
        database: The archive's.
        name: Of the table.
        file: Its place; what is there is replaced.
        form: How it is written.
        since: Only rows from that day on, in UTC.
        until: Only rows from before that day.
        report: Called as it goes on.

    Raises:
        ArchiveError: The database cannot be used, or pyarrow is not installed.
        OSError: The file cannot be written.
    """
    table, age = tables.metadata.tables[name], tables.AGES[name]
    wanted = [] if since is None else [age >= tables.instant(age, since)]
    wanted += [] if until is None else [age < tables.instant(age, until)]
    count = select(func.count()).select_from(table).where(*wanted)
    with database.reading() as connection:
        total = connection.execute(count).scalar_one()
    query = select(table).where(*wanted).order_by(age, *table.primary_key.columns)
    with replaced(file) as beside:
        return _write(database, query, _opened(form, beside, table), report, total)


def _write(
    database: Database,
    query: Select[*tuple[Any, ...]],
    opened: "contextlib.AbstractContextManager[_Writer]",
    report: Report,
    total: int,
) -> int:
    done = 0
    with opened as writer, contextlib.closing(database.stream(query)) as rows:
        while batch := list(itertools.islice(rows, _BATCH)):
            writer.write(batch)
            done += len(batch)
            report(done, total)
    return done


@contextlib.contextmanager
def replaced(file: Path) -> Iterator[Path]:
    """Give a place beside a file, whose content takes that of the file at the end.

    It is for this user alone: it holds houses.
    """
    # A link stays one: its target is written.
    place = file.resolve()
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(form: Form, file: Path, table: Table) -> Iterator[_Writer]:
    if form == "parquet":
        with _parquet(file, table) as writer:
            yield writer
        return
    with file.open("w", encoding="utf-8", newline="") as opened:
        yield _Csv(opened, table)


class _Csv:
    """Writes what a spreadsheet takes for text where it might run it."""

    def __init__(self, file: TextIO, table: Table) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(table.columns.keys())

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        self._writer.writerows(rows)


@contextlib.contextmanager
def _parquet(file: Path, table: Table) -> Iterator[_Writer]:
    try:
        # An extra, and who writes CSV need not wait for it.
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise ArchiveError(
            "Parquet needs the extra kerbside[parquet], which brings pyarrow; CSV does "
            "without"
        ) from error
    types = {
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
        dt.date: pa.date32(),
        str: pa.string(),
    }
    schema = pa.schema(
        [(one.name, types[one.type.python_type]) for one in table.columns]
    )
    with parquet.ParquetWriter(file, schema) as writer:
        yield _Parquet(writer, schema, pa)


class _Parquet:
    def __init__(self, parquet_writer: Any, schema: Any, pa: Any) -> None:
        self._writer, self._schema, self._pa = parquet_writer, schema, pa

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        records = [dict(zip(self._schema.names, row, strict=True)) for row in rows]
        group = self._pa.Table.from_pylist(records, schema=self._schema)
        self._writer.write_table(group)

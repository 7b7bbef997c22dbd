"""What became of the rows of a batch, as it is streamed: JSON lines, or a table."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson
from pydantic import BaseModel

from api import explanation
from api.headers import NDJSON
from worker.batch import Batch
from worker.batch_files import BatchFiles
from worker.batch_rows import name_of

#: Columns of a table of prices, and of one of errors.
PRICE_COLUMNS = (
    *("line", "custom_id", "price", "low", "high", "currency", "level", "fsd"),
    *("confidence", "in_distribution", "flags", "model_version"),
)
ERROR_COLUMNS = ("line", "custom_id", "field", "value", "code", "detail")

#: Text that a spreadsheet may run, in full width too, whatever blanks come before it;
#: a figure is none.
_FORMULA = re.compile(
    r"[\s\x00-\x1f\x7f\ufeff]*(?!-?[0-9.,]+\Z)"
    r"[=+\-@|%\uff1d\uff0b\uff0d\uff20]"
)

#: What names a chunk's files: an attempt; else it was not priced.
_Lines = Callable[[int, str], bytes]


def prices(batch: Batch, files: BatchFiles, media_type: str) -> Iterator[bytes]:
    """Yield the prices of a batch in the order of its rows, chunk by chunk.

    While it runs these are those up to the first chunk that has not ended.

    Raises:
        StoreError: They cannot be read.
    """

    def lines(number: int, end: str) -> bytes:
        return files.prices(batch.id, number, int(end)) if end.isdigit() else b""

    if media_type == NDJSON:
        yield from _ended(batch, lines)
        return
    yield _table([PRICE_COLUMNS])
    for part in _ended(batch, lines):
        yield _table(_price_cells(orjson.loads(line)) for line in part.splitlines())


def errors(
    batch: Batch, files: BatchFiles, media_type: str, row: type[BaseModel]
) -> Iterator[bytes]:
    """Yield what is wrong with rows of a batch, in their order, one error a line.

    Args:
        batch: The batch.
        files: Where it is.
        media_type: What is wanted.
        row: Model of the batch's rows.

    Raises:
        StoreError: They cannot be read.
    """

    def lines(number: int, end: str) -> bytes:
        if end.isdigit():
            return files.refusals(batch.id, number, int(end))
        return _unpriced(batch, files, number) if end == "failed" else b""

    is_table = media_type != NDJSON
    if is_table:
        yield _table([ERROR_COLUMNS])
    for part in _ended(batch, lines):
        told = [
            error
            for line in part.splitlines()
            for error in _explained(orjson.loads(line), row)
        ]
        if is_table:
            yield _table(_error_cells(error) for error in told)
        else:
            yield b"".join(orjson.dumps(error) + b"\n" for error in told)


def _ended(batch: Batch, lines: _Lines) -> Iterator[bytes]:
    for number, end in enumerate(batch.chunks, 1):
        if not end:
            return
        yield lines(number, end)


def _unpriced(batch: Batch, files: BatchFiles, number: int) -> bytes:
    """Return an error for each row of a chunk that could not be priced."""
    error = {"loc": [], "type": "not_priced", "msg": batch.faults[number]}
    errors = [{**error, "input": None}]
    return b"\n".join(
        orjson.dumps(
            {"line": line, "custom_id": name_of(row, batch.columns), "errors": errors}
        )
        for line, row in files.rows(batch.id, number)
    )


def _explained(refusal: Any, row: type[BaseModel]) -> Iterator[dict[str, Any]]:
    for error in refusal["errors"]:
        location, value = error["loc"], error["input"]
        # What a model or a worker says of a row is no error of a field.
        told = explanation.explained(row, {**error, "loc": tuple(location)})
        yield {
            "line": refusal["line"],
            "custom_id": refusal["custom_id"],
            "field": location[-1] if location else None,
            "value": None if isinstance(value, dict | list) else value,
            "code": told["code"],
            "detail": told["detail"],
        }


def _price_cells(told: Any) -> Sequence[Any]:
    output = told["output"]
    interval = output["interval"]
    return (
        told["line"],
        told["custom_id"],
        output["price"],
        interval["low"],
        interval["high"],
        output["currency"],
        interval["level"],
        output["fsd"],
        output["confidence"]["band"],
        "true" if output["in_distribution"] else "false",
        " ".join(sorted({flag["code"] for flag in output["flags"]})),
        output["model"]["version"],
    )


def _error_cells(told: dict[str, Any]) -> Sequence[Any]:
    return [told[name] for name in ERROR_COLUMNS]


def _table(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(map(_inert, row) for row in rows)
    return text.getvalue().encode()


def _inert(cell: Any) -> Any:
    """Return a cell that a spreadsheet does not run; it is to be read as it came."""
    is_formula = isinstance(cell, str) and _FORMULA.match(cell)
    return f"'{cell}" if is_formula else cell

"""The rows of a batch's body, one after the other, whatever form they come in.

Nothing is held but the row in hand: a row is cut out, not understood. What a worker
cannot read of one is an error of that row; what leaves it open where rows begin and end
is one of the whole body.
"""

import csv
import itertools
import json
import re
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from api import explanation, json_body
from api.errors import MalformedBody, UnsupportedMedia
from api.found import shown
from api.headers import CSV, JSON, NDJSON
from model_store.schema import Schema
from worker.batch_files import Row
from worker.batch_rows import CUSTOM_ID

#: Media types of a body -> its form.
FORMS = {
    CSV: CSV,
    JSON: JSON,
    NDJSON: NDJSON,
    "application/ndjson": NDJSON,
    "application/jsonl": NDJSON,
}
#: Bytes of a row, at most: a house needs about 500.
LONGEST = 65_536
#: Characters that may part the cells of a line; the first one where none does.
_DELIMITERS = (",", ";", "\t")
#: A first line by which Excel is told what parts the cells of those that follow.
SAID_DELIMITER = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)
_MARK = b"\xef\xbb\xbf"
#: What a body begins with that is no text in UTF-8 -> what its client is told.
_NO_TEXT = {
    b"\xff\xfe": "The body looks like UTF-16: send UTF-8.",
    b"\xfe\xff": "The body looks like UTF-16: send UTF-8.",
    b"\x1f\x8b": "The body looks like gzip: send it unpacked.",
    b"PK\x03\x04": "The body looks like a workbook or a ZIP archive: save its sheet as "
    "CSV UTF-8, and send that.",
}
_SPACE = re.compile(r"\s*")

_BY_CODE = {
    "unknown_column": "No column of a batch: leave it out",
    "repeated_column": "Two columns are called so.",
    "missing_column": "The table lacks this column.",
}
#: What the reader of tables says of a row -> what its client is told.
_BY_FAULT = {
    "unexpected end of data": "a cell begins with a quote that is not closed",
    "expected after": "a cell goes on after its closing quote; one within is doubled",
    "new-line character": "its lines end with CR alone; expected LF, or CR and LF",
}

_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Body:
    """The rows of a body, each with the number of the line at which it begins."""

    #: Names of a table's columns; None where rows are objects.
    columns: Sequence[str] | None
    rows: Iterator[Row]


def form_of(content_type: str | None) -> str:
    """Return the form that a body is said to have.

    Raises:
        UnsupportedMedia: It is none that batches come in.
    """
    media_type, _, options = (content_type or "").partition(";")
    form = FORMS.get(media_type.strip().lower())
    charset = options.lower().replace('"', "").partition("charset=")[2].strip()
    if form and charset in {"", "utf-8", "utf8"}:
        return form
    said = f"Content-Type is {shown(content_type)}" if content_type else "None is said"
    raise UnsupportedMedia(
        f"{said}: send a batch as {CSV}, {NDJSON} or {JSON}, in UTF-8, and say so."
    )


def read(
    blocks: Iterator[bytes], form: str, schema: Schema, *, is_named: bool = False
) -> Body:
    """Return the rows of a body; they are read as they are taken.

    Args:
        blocks: The body, bit by bit.
        form: One of those of `FORMS`.
        schema: That of the version which is to price them.
        is_named: Whether each row must say its name.

    Raises:
        MalformedBody: It is not of its form; while rows are taken, too.
        InvalidSubmission: A table has other columns than those of houses.
    """
    blocks = _of_text(blocks)
    if form == JSON:
        return Body(None, _elements(blocks))
    lines = _lines(blocks)
    if form == NDJSON:
        return Body(None, _objects(lines))
    required = [feature.name for feature in schema.features if feature.required]
    return _table(lines, schema, [CUSTOM_ID] * is_named + required)


def _of_text(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Return the same blocks, unless they are plainly no text in UTF-8."""
    first = next(blocks, b"")
    for beginning, words in _NO_TEXT.items():
        if first.startswith(beginning):
            raise MalformedBody(words)
    return itertools.chain([first], blocks)


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines of a body with their ends, but for a mark before the first."""
    rest, count = b"", 0
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            count += 1
            yield _checked(line, count) + b"\n"
        _checked(rest, count + 1)
    if rest:
        yield _checked(rest, count + 1)


def _checked(line: bytes, number: int) -> bytes:
    if len(line) > LONGEST:
        raise MalformedBody(
            f"Line {number} has more than {LONGEST} bytes: a house needs about 500; "
            "is each on a line of its own?"
        )
    return line.removeprefix(_MARK) if number == 1 else line


def _objects(lines: Iterator[bytes]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if row := line.strip():
            yield number, row


def _table(lines: Iterator[bytes], schema: Schema, required: Sequence[str]) -> Body:
    texts = _texts(lines)
    first = next(texts, "")
    said = SAID_DELIMITER.fullmatch(first)
    delimiter = said[1] if said else max(_DELIMITERS, key=first.count)
    reader = csv.reader(
        itertools.chain([first], texts), delimiter=delimiter, strict=True
    )
    records = _records(reader)
    if said:
        next(records)
    line, columns = next(records, (0, list[str]()))
    if not any(columns):
        raise MalformedBody("The body is empty: its first line must name columns.")
    _expect_columns(line, columns, schema, required)
    return Body(columns, ((line, orjson.dumps(cells)) for line, cells in records))


def _texts(lines: Iterator[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        try:
            yield line.decode()
        except UnicodeDecodeError:
            raise MalformedBody(
                f"Line {number} is not UTF-8: save the table as CSV UTF-8."
            ) from None


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table, each with the line at which it begins."""
    while True:
        begins = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise MalformedBody(
                f"The row that begins at line {begins} cannot be read: {_words(error)}."
            ) from None
        if record:
            yield begins, record


def _words(error: csv.Error) -> str:
    """Return how a row is to be mended that cannot be read."""
    said = str(error)
    for theirs, ours in _BY_FAULT.items():
        if theirs in said:
            return ours
    return said


def _expect_columns(
    line: int, columns: Sequence[str], schema: Schema, required: Sequence[str]
) -> None:
    """Refuse a table whose columns say nothing of houses, or too little.

    Raises:
        InvalidSubmission: They do.
    """
    known = (CUSTOM_ID, *schema.names)
    counts = Counter(columns)
    faults = [
        *((name, "unknown_column") for name in columns if name not in known),
        *((name, "repeated_column") for name, count in counts.items() if count > 1),
        *((name, "missing_column") for name in required if name not in counts),
    ]
    if faults:
        # Words for thousands that nobody is told would take seconds.
        told = faults[: json_body.MAX_ERRORS]
        errors = [_about(line, name, code, known) for name, code in told]
        raise json_body.invalid(errors, len(faults))


def _about(line: int, name: str, code: str, known: Sequence[str]) -> dict[str, Any]:
    detail = _BY_CODE[code]
    if code == "unknown_column":
        detail += explanation.suggestion(name, known) or "."
    pointer = explanation.pointer([name])
    return {"pointer": pointer, "line": line, "code": code, "detail": detail}


def _elements(blocks: Iterator[bytes]) -> Iterator[Row]:
    """Yield the elements of a list, each on one line."""
    text = _Text(blocks)
    text.skip_space()
    if not text.takes("["):
        raise MalformedBody("Expected a JSON list of rows: [{...}, {...}].")
    text.skip_space()
    for number in itertools.count(1):
        if number == 1 and text.takes("]"):
            break
        yield number, text.value(number)
        text.skip_space()
        if text.takes("]"):
            break
        if not text.takes(","):
            raise MalformedBody(f"Expected a comma or ] after row {number}.")
        text.skip_space()
    text.skip_space()
    if not text.is_over():
        raise MalformedBody("Expected nothing after the list of rows.")


class _Text:
    """A text that is read on as it is needed, and forgotten as it is taken."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._decoder = getincrementaldecoder("utf-8-sig")()
        self._text, self._at = "", 0

    def skip_space(self) -> None:
        """Pass over white space."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._more():
                return

    def takes(self, character: str) -> bool:
        """Pass over a character; tell whether it was there."""
        is_there = self._text.startswith(character, self._at)
        self._at += is_there
        return is_there

    def is_over(self) -> bool:
        """Tell whether nothing follows."""
        return self._at >= len(self._text)

    def value(self, number: int) -> bytes:
        """Pass over a JSON value and return it, on one line.

        Raises:
            MalformedBody: There is none.
        """
        while True:
            try:
                _, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                end = None
            # One that ends with what was read may go on, as a number does.
            if end is not None and end < len(self._text):
                break
            if len(self._text) - self._at > LONGEST or not self._more():
                break
        if (end or len(self._text)) - self._at > LONGEST:
            raise MalformedBody(
                f"Row {number} has more than {LONGEST} bytes: a house needs about 500."
            )
        if end is None:
            raise MalformedBody(
                f"Row {number} is not JSON, or the body ends in the middle of it."
            )
        row, self._at = self._text[self._at : end], end
        # Texts of JSON hold no such character as it is: these are between members.
        return row.translate({10: 32, 13: 32}).encode()

    def _more(self) -> bool:
        """Read on; tell whether there was more."""
        for block in self._blocks:
            try:
                read = self._decoder.decode(block)
            except UnicodeDecodeError:
                raise MalformedBody("The body is not UTF-8: send UTF-8.") from None
            self._text, self._at = self._text[self._at :] + read, 0
            return True
        return False

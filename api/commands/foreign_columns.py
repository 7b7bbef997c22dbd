"""A table whose columns are called otherwise than the features of the model."""

import csv
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, BinaryIO, TypeVar

import click

from api.batch_body import LONGEST, SAID_DELIMITER
from api.explanation import suggestion
from api.house_file import HouseFile, WrongFile
from worker.batch_rows import CUSTOM_ID

_Function = TypeVar("_Function", bound=Callable[..., Any])

_column_option = click.option(
    "--column",
    "columns",
    multiple=True,
    help="FEATURE=COLUMN of a table that calls it otherwise; repeat for more.",
)
_id_column_option = click.option(
    "--id-column", help=f"Column of a table that is its `{CUSTOM_ID}`."
)


def options(function: _Function) -> _Function:
    """Give a command the options of how a table calls what the model knows."""
    return _column_option(_id_column_option(function))


def asked(columns: Sequence[str], id_column: str | None) -> dict[str, str]:
    """Return the column of each feature that is called otherwise, as it was typed.

    Raises:
        click.UsageError: It cannot be meant so.
    """
    found = {CUSTOM_ID: id_column} if id_column else {}
    for text in columns:
        feature, sign, column = text.partition("=")
        if not (feature and sign and column):
            raise click.UsageError(f"--column must be FEATURE=COLUMN, got {text!r}.")
        if feature in found:
            raise click.UsageError(f"--column says {feature!r} twice.")
        if feature == CUSTOM_ID:
            raise click.UsageError(f"Say --id-column {column}, not --column {text}.")
        if column in found.values():
            raise click.UsageError(f"Column {column!r} cannot be two things.")
        found[feature] = column
    return found


def first_line(file: BinaryIO, name: str, asked: Mapping[str, str]) -> bytes:
    """Take the first line from a table; return it with the names that the model knows.

    A line before it that says what parts the cells is left as it is.

    Args:
        file: At its start; what follows the line is left in it.
        name: What messages call it.
        asked: Column of each feature that is called otherwise.

    Raises:
        click.UsageError: It has no such column, or has that of the feature, too; or
            its first line names no columns.
    """
    said, line = b"", file.readline(LONGEST)
    if SAID_DELIMITER.fullmatch(line.decode("utf-8-sig", errors="replace")):
        said, line = line, file.readline(LONGEST)
    if len(line) == LONGEST:
        raise click.UsageError(
            f"{name}: its first line, which names columns, has more than {LONGEST}"
            " bytes."
        )
    try:
        table = HouseFile(io.BytesIO(line), name)
        names = table.columns
    except WrongFile as error:
        raise click.UsageError(str(error)) from error
    for feature, column in asked.items():
        if column not in names:
            near = suggestion(column, names) or "."
            raise click.UsageError(f"{name} has no column {column!r}{near}")
        if feature in names and feature not in asked.values():
            raise click.UsageError(
                f"{name} has a column {feature!r} beside {column!r}, which is to be it."
            )
    by_column = {column: feature for feature, column in asked.items()}
    text = io.StringIO()
    end = "\r\n" if line.endswith(b"\r\n") else "\n"
    writer = csv.writer(text, delimiter=table.delimiter, lineterminator=end)
    writer.writerow([by_column.get(column, column) for column in names])
    return said + text.getvalue().encode()


def expect_known(asked: Collection[str], card: Mapping[str, Any]) -> None:
    """Refuse what is no feature of a model version, as its card tells them.

    Raises:
        click.UsageError: One is none.
    """
    known = [CUSTOM_ID, *(one["name"] for one in card["schema"]["features"])]
    for feature in asked:
        if feature not in known:
            near = suggestion(feature, known) or "."
            raise click.UsageError(f"The model knows no feature {feature!r}{near}")

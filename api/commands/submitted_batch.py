"""What commands share that submit a batch or follow one."""

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import click

from api.client import (
    CSV,
    JSON,
    NDJSON,
    ApiError,
    Batches,
    Client,
    SubmittedBatch,
)
from api.commands import foreign_columns, given_file, progress, service
from api.commands.stopping import TERMINATED
from api.launcher import faults
from api.launcher.faults import ApiUnreachable, BatchRefused, KeyRefused, QueueRefused

_Function = TypeVar("_Function", bound=Callable[..., Any])

EXIT_CODES = {
    0: "It is done.",
    **faults.exit_codes(QueueRefused, ApiUnreachable, KeyRefused, BatchRefused),
    TERMINATED: "Ended by SIGTERM.",
}

#: What the name of a file ends in -> what it is.
_FORMS = {".csv": CSV, ".jsonl": NDJSON, ".ndjson": NDJSON, ".json": JSON}
#: Statuses that are about the batch, and not about the way to the API.
_ABOUT_BATCH = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
#: Codes of what is wrong with the columns of a table.
_ABOUT_COLUMNS = frozenset({"unknown_column", "missing_column"})
_CALLED_OTHERWISE = (
    "Where a column is called otherwise than the model calls it, say --column "
    "FEATURE=COLUMN, and --id-column COLUMN for custom_id."
)
#: Why a batch has failed -> what follows that it has.
_WHY = {
    "error_threshold": ": more of its houses have an error than --error-threshold",
    "unpriced_rows": ": some of its houses could not be priced, as their errors say",
}
#: Seconds between two looks at a batch that is followed.
_LOOK_S = 1.0
#: Seconds after which who waits is told that no worker has begun.
_BEGIN_S = 30.0
_NOT_BEGUN = (
    "No worker has begun {0} yet: others may be before it, or none of lane batches "
    "runs (its operator sees that by `kerbside doctor`). Ctrl-C ends the waiting, not "
    "the batch: `kerbside batch status {0} --wait` goes on with it."
)

#: Seconds without a step after which who waits is told that nothing is stored.
_STORE_S = 15.0
_NOT_STORED = (
    "All of {0} is priced, but nothing more of it is stored: the archive may be away, "
    "or the upkeep (its operator sees that by `kerbside doctor`). Nothing is lost. "
    "Ctrl-C ends the waiting, not the batch: `kerbside batch status {0} --wait` goes "
    "on with it."
)

file_argument = click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
timeout_option = service.timeout_option(300.0, "a file")
wait_option = click.option("--wait", is_flag=True, help="Follow it to its end.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
form_option = click.option(
    "--form",
    type=click.Choice(["csv", "jsonl", "json"]),
    help="What FILE is; by default its name says it, and stdin is a table.",
)
_SAID = (
    click.option(
        "--label", "labels", multiple=True, help="NAME=TEXT; repeat for more."
    ),
    click.option(
        "--deadline",
        type=click.FloatRange(0, min_open=True),
        help="Seconds after which prices are of no use.",
    ),
    click.option(
        "--error-threshold",
        type=click.IntRange(0),
        help="Rows that may have an error; with more the rest is not priced.",
    ),
    click.option("--webhook", help="URL to which its end is told, signed."),
    click.option("--idempotency-key", help="Sent again, the batch is not taken twice."),
)


def said_options(function: _Function) -> _Function:
    """Give a command the options of what is said of a batch beside its rows."""
    for option in reversed(_SAID):
        function = option(function)
    return function


def said(labels: Sequence[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of a batch beside its rows, as the client takes it.

    Raises:
        click.UsageError: A label is none.
    """
    found = {name: value for name, value in options.items() if value is not None}
    return {**found, "metadata": dict(map(_label, labels))} if labels else found


@contextlib.contextmanager
def reached(url: str | None, key: str | None, timeout_s: float) -> Iterator[Client]:
    """Give a client of the API, which a signal ends, and tell what it fails at."""
    with service.reached(url, key, timeout_s) as client, _told():
        yield client


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell what is wrong with a batch apart from what is wrong with the way there.

    Raises:
        BatchRefused: The API does not take it, or does not know it.
    """
    try:
        yield
    except ApiError as error:
        if error.status not in _ABOUT_BATCH:
            raise
        is_named_otherwise = _ABOUT_COLUMNS & {one.get("code") for one in error.errors}
        hint = f"\n{_CALLED_OTHERWISE}" if is_named_otherwise else ""
        raise BatchRefused(f"{service.reasons(error)}{hint}") from error


def form_of(file: str, form: str | None) -> str:
    """Return the media type of a file.

    Raises:
        click.UsageError: Its name does not say it.
    """
    ending = f".{form}" if form else Path(file).suffix.lower()
    if file == "-" and not form:
        return CSV
    if ending not in _FORMS:
        raise click.UsageError(
            f"The name {file} does not say what it is: say --form csv, jsonl or json."
        )
    return _FORMS[ending]


def _label(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise click.UsageError(f"--label must be NAME=TEXT, got {text!r}.")
    return name, value


def hand_over(  # noqa: PLR0913 - what the options of a command say
    send: Callable[[Batches], Callable[..., SubmittedBatch]],
    *,
    file: str,
    form: str | None,
    columns: Sequence[str],
    id_column: str | None,
    labels: Sequence[str],
    url: str | None,
    key: str | None,
    timeout_s: float,
    wait: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Send a file as a batch, follow it where that is wanted, and print it.

    Args:
        send: Returns what sends it.
        file: Its name.
        form: What it is, where its name does not say it.
        columns: What the table calls otherwise, as it was typed.
        id_column: Its column that names rows, where that is said.
        labels: As they were typed.
        url: Address of the API, where it is said.
        key: Its key, where it is said.
        timeout_s: Seconds that the API may be away.
        wait: Whether it is followed.
        as_json: Whether it is printed as JSON.
        options: What else is said of it.

    Raises:
        BatchRefused: The API does not take it; or it was to be completed, and is not.
    """
    media_type, told = form_of(file, form), said(labels, options)
    asked = foreign_columns.asked(columns, id_column)
    if asked and media_type != CSV:
        raise click.UsageError(
            f"--column and --id-column are for tables, {file} is none: call the members"
            " of its rows as the model does."
        )
    with given_file.opened(file) as opened:
        first = foreign_columns.first_line(opened, file, asked) if asked else b""
        rows = first + opened.read()
    with reached(url, key, timeout_s) as client:
        if asked:
            card = client.model(options.get("version") or "champion")
            foreign_columns.expect_known(asked, card)
        seen = send(client.batches)(rows, media_type, **told)
        if wait:
            seen = followed(client, seen)
    tell(seen, as_json=as_json, is_to_be_whole=wait)


def followed(client: Client, seen: SubmittedBatch) -> SubmittedBatch:
    """Return a batch once all of it is done; a bar shows rows, rate and time left."""
    seen = _priced(client, seen)
    return seen if seen.is_done else _stored(client, seen)


def _priced(client: Client, seen: SubmittedBatch) -> SubmittedBatch:
    done, begun_by = seen.completed + seen.failed, time.monotonic() + _BEGIN_S
    bar = progress.shown("Pricing", total=seen.total, done=done, is_hidden=False)
    with bar as step:
        while not seen.has_ended:
            time.sleep(_LOOK_S)
            seen = client.batches.get(seen)
            step(seen.completed + seen.failed - done)
            done = seen.completed + seen.failed
            if seen.status == "queued" and time.monotonic() > begun_by:
                begun_by = math.inf
                click.echo(_NOT_BEGUN.format(seen.id), err=True)
    return seen


def _stored(client: Client, seen: SubmittedBatch) -> SubmittedBatch:
    done, step_by = seen.stored or 0, time.monotonic() + _STORE_S
    bar = progress.shown("Storing", total=seen.completed, done=done, is_hidden=False)
    with bar as step:
        while not seen.is_done:
            time.sleep(_LOOK_S)
            seen = client.batches.get(seen)
            if stored := (seen.stored or 0) - done:
                step(stored)
                done, step_by = done + stored, time.monotonic() + _STORE_S
            elif time.monotonic() > step_by:
                step_by = math.inf
                click.echo(_NOT_STORED.format(seen.id), err=True)
    return seen


def tell(seen: SubmittedBatch, *, as_json: bool, is_to_be_whole: bool) -> None:
    """Print a batch.

    Raises:
        BatchRefused: It was to be completed, and is not.
    """
    click.echo(json.dumps(dict(seen.raw)) if as_json else _words(seen))
    if is_to_be_whole and seen.status != "completed":
        why = _WHY.get(seen.failed_because or "", "")
        raise BatchRefused(f"The batch {seen.id} is {seen.status}{why}.")


def _words(seen: SubmittedBatch) -> str:
    words = (
        f"{seen.id} {seen.status}: {seen.completed:,} of {seen.total:,} houses priced"
        f" by {seen.model_version}, {seen.failed:,} with errors"
    )
    if seen.stored is not None:
        words += f", {seen.stored:,} stored"
    if seen.rows_per_s is not None:
        words += f"; {seen.rows_per_s:,.0f}/s"
    if seen.estimated_end:
        end = datetime.fromisoformat(seen.estimated_end)
        left_s = max(0.0, (end - datetime.now(UTC)).total_seconds())
        words += f", about {left_s:,.0f} s left"
    return f"{words}."

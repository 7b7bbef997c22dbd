"""`kerbside batch`: many houses as one piece of work of the service."""

import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

import click

from api.client import CSV, JSON, NDJSON, ApiError, Client, SubmittedBatch
from api.commands import given_file, progress, service, stopping
from api.commands.stopping import TERMINATED
from api.launcher import faults
from api.launcher.faults import ApiUnreachable, BatchRefused, KeyRefused, QueueRefused
from model_store.command_line import Command, Group

_SUBMIT_HELP = """Submit the houses of FILE as one batch; - is stdin.

It is a CSV table with the features of the model as columns and perhaps `custom_id`,
JSON lines such as {"custom_id": "a", "input": {...}}, or a JSON list of such rows; the
name says which: .csv, .jsonl or .ndjson, .json.

The service has all of it when the command ends; --wait follows it to its end, and then
exits with 19 unless the batch is completed. A row that is wrong stops no other: `batch
results --errors` tells what is wrong with it.

With --json it prints the batch as GET /v1/batches/{id} has it.
"""
_STATUS_HELP = """Tell how far the batch ID is.

With --wait it is followed to its end, with a progress bar, rate and time left on a
terminal; the exit code is then 19 unless it is completed.

With --json it prints the batch as GET /v1/batches/{id} has it.
"""
_RESULTS_HELP = """Write the prices of the batch ID, in the order of its rows.

While it runs these are those of the rows before the first chunk that has not ended.
With --errors it writes what is wrong with rows instead.

By default it is a CSV table; with --json it is JSON lines, which have all that belongs
to a price.
"""
_CANCEL_HELP = """End what has not ended of the batch ID; prices that are there stay.

With --json it prints the batch as GET /v1/batches/{id} has it.
"""
_EXIT_CODES = {
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
#: Seconds between two looks at a batch that is followed.
_LOOK_S = 1.0

_timeout_option = service.timeout_option(300.0, "a file")
_wait_option = click.option("--wait", is_flag=True, help="Follow it to its end.")
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=Group)
def batch() -> None:
    """Price many houses as one piece of work, behind those that somebody waits for."""


@batch.command(cls=Command, help=_SUBMIT_HELP, exit_codes=_EXIT_CODES)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--form",
    type=click.Choice(["csv", "jsonl", "json"]),
    help="What FILE is; by default its name says it, and stdin is a table.",
)
@click.option("--version", help="Alias or id of the model version; else the champion.")
@click.option("--label", "labels", multiple=True, help="NAME=TEXT; repeat for more.")
@click.option(
    "--deadline",
    type=click.FloatRange(0, min_open=True),
    help="Seconds after which prices are of no use.",
)
@click.option(
    "--error-threshold",
    type=click.IntRange(0),
    help="Rows that may have an error; with more the rest is not priced.",
)
@click.option("--webhook", help="URL to which its end is told, signed.")
@click.option("--idempotency-key", help="Sent again, the batch is not taken twice.")
@service.url_option
@service.key_option
@_timeout_option
@_wait_option
@_json_option
def submit(  # noqa: PLR0913 - the options of a command
    *,
    file: str,
    form: str | None,
    labels: Sequence[str],
    url: str | None,
    key: str | None,
    timeout_s: float,
    wait: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Submit a file; `_SUBMIT_HELP` says it to the user."""
    media_type = _form(file, form)
    said = {name: value for name, value in options.items() if value is not None}
    if labels:
        said["metadata"] = dict(map(_label, labels))
    with given_file.opened(file) as opened:
        rows = opened.read()
    with _reached(url, key, timeout_s) as client:
        seen = client.batches.submit(rows, media_type, **said)
        if wait:
            seen = _followed(client, seen)
    _tell(seen, as_json=as_json, is_to_be_whole=wait)


@batch.command(cls=Command, help=_STATUS_HELP, exit_codes=_EXIT_CODES)
@click.argument("batch_id", metavar="ID")
@service.url_option
@service.key_option
@_timeout_option
@_wait_option
@_json_option
def status(
    *,
    batch_id: str,
    url: str | None,
    key: str | None,
    timeout_s: float,
    wait: bool,
    as_json: bool,
) -> None:
    """Tell how far a batch is; `_STATUS_HELP` says it to the user."""
    with _reached(url, key, timeout_s) as client:
        seen = client.batches.get(batch_id)
        if wait:
            seen = _followed(client, seen)
    _tell(seen, as_json=as_json, is_to_be_whole=wait)


@batch.command(cls=Command, help=_RESULTS_HELP, exit_codes=_EXIT_CODES)
@click.argument("batch_id", metavar="ID")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    help="File to be written; by default stdout.",
)
@click.option("--errors", is_flag=True, help="What is wrong with rows, not prices.")
@service.url_option
@service.key_option
@_timeout_option
@click.option("--json", "as_json", is_flag=True, help="JSON lines, not a table.")
def results(
    *,
    batch_id: str,
    output: str,
    errors: bool,
    url: str | None,
    key: str | None,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Write prices or errors; `_RESULTS_HELP` says it to the user."""
    with _reached(url, key, timeout_s) as client, _written(output) as file:
        copy = client.batches.errors if errors else client.batches.results
        copy(batch_id, file, NDJSON if as_json else CSV)


@batch.command(cls=Command, help=_CANCEL_HELP, exit_codes=_EXIT_CODES)
@click.argument("batch_id", metavar="ID")
@service.url_option
@service.key_option
@_timeout_option
@_json_option
def cancel(
    *, batch_id: str, url: str | None, key: str | None, timeout_s: float, as_json: bool
) -> None:
    """Cancel a batch; `_CANCEL_HELP` says it to the user."""
    with _reached(url, key, timeout_s) as client:
        seen = client.batches.cancel(batch_id)
    _tell(seen, as_json=as_json, is_to_be_whole=False)


@contextlib.contextmanager
def _reached(url: str | None, key: str | None, timeout_s: float) -> Iterator[Client]:
    """Give a client of the API, which a signal ends, and tell what it fails at."""
    url, key = service.found(url, key)
    with (
        service.client(url, key, timeout_s=timeout_s) as client,
        stopping.stoppable(client),
        service.told(url),
        _told(),
    ):
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
        raise BatchRefused(str(error)) from error


def _form(file: str, form: str | None) -> str:
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


def _followed(client: Client, seen: SubmittedBatch) -> SubmittedBatch:
    """Return a batch at its end; a bar shows rows, rate and time left."""
    done = seen.completed + seen.failed
    bar = progress.shown("Pricing", total=seen.total, done=done, is_hidden=False)
    with bar as step:
        while not seen.has_ended:
            time.sleep(_LOOK_S)
            seen = client.batches.get(seen)
            step(seen.completed + seen.failed - done)
            done = seen.completed + seen.failed
    return seen


@contextlib.contextmanager
def _written(output: str) -> Iterator[BinaryIO]:
    """Give a file; what was there is replaced once the new one is whole."""
    if output == "-":
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            shutil.copyfileobj(file, sys.stdout.buffer)
        return
    path = Path(output).resolve()
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w+b") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _tell(seen: SubmittedBatch, *, as_json: bool, is_to_be_whole: bool) -> None:
    """Print a batch.

    Raises:
        BatchRefused: It was to be completed, and is not.
    """
    click.echo(json.dumps(dict(seen.raw)) if as_json else _words(seen))
    if is_to_be_whole and seen.status != "completed":
        raise BatchRefused(f"The batch {seen.id} is {seen.status}.")


def _words(seen: SubmittedBatch) -> str:
    words = (
        f"{seen.id} {seen.status}: {seen.completed:,} of {seen.total:,} houses priced"
        f" by {seen.model_version}, {seen.failed:,} with errors"
    )
    if seen.rows_per_s is not None:
        words += f"; {seen.rows_per_s:,.0f}/s"
    if seen.estimated_end:
        end = datetime.fromisoformat(seen.estimated_end)
        left_s = max(0.0, (end - datetime.now(UTC)).total_seconds())
        words += f", about {left_s:,.0f} s left"
    return f"{words}."

"""`kerbside batch`: many houses as one piece of work of the service."""

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click

from api.client import CSV, NDJSON
from api.commands import foreign_columns, service, submitted_batch
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

_LIST_HELP = """List your batches, the newest first.

With --json it prints a list of them, each as GET /v1/batches has it.
"""
_DELETE_HELP = """Erase the batch ID, its rows and its prices; an open one is canceled.

With --json it prints {"id": ID, "deleted": true}.
"""


@click.group(cls=Group)
def batch() -> None:
    """Price many houses as one piece of work, behind those that somebody waits for."""


@batch.command(cls=Command, help=_SUBMIT_HELP, exit_codes=submitted_batch.EXIT_CODES)
@submitted_batch.file_argument
@submitted_batch.form_option
@foreign_columns.options
@click.option("--version", help="Alias or id of the model version; else the champion.")
@submitted_batch.said_options
@service.url_option
@service.key_option
@submitted_batch.timeout_option
@submitted_batch.wait_option
@submitted_batch.json_option
def submit(**options: Any) -> None:
    """Submit a file; `_SUBMIT_HELP` says it to the user."""
    submitted_batch.hand_over(lambda batches: batches.submit, **options)


@batch.command(
    "list", cls=Command, help=_LIST_HELP, exit_codes=submitted_batch.EXIT_CODES
)
@service.url_option
@service.key_option
@submitted_batch.timeout_option
@submitted_batch.json_option
def list_all(
    *, url: str | None, key: str | None, timeout_s: float, as_json: bool
) -> None:
    """List batches; `_LIST_HELP` says it to the user."""
    with submitted_batch.reached(url, key, timeout_s) as client:
        found = [*client.batches.list()]
    if as_json:
        click.echo(json.dumps([dict(one.raw) for one in found]))
        return
    for one in found:
        submitted_batch.tell(one, as_json=False, is_to_be_whole=False)


@batch.command(cls=Command, help=_STATUS_HELP, exit_codes=submitted_batch.EXIT_CODES)
@click.argument("batch_id", metavar="ID")
@service.url_option
@service.key_option
@submitted_batch.timeout_option
@submitted_batch.wait_option
@submitted_batch.json_option
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
    with submitted_batch.reached(url, key, timeout_s) as client:
        seen = client.batches.get(batch_id)
        if wait:
            seen = submitted_batch.followed(client, seen)
    submitted_batch.tell(seen, as_json=as_json, is_to_be_whole=wait)


@batch.command(cls=Command, help=_RESULTS_HELP, exit_codes=submitted_batch.EXIT_CODES)
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
@submitted_batch.timeout_option
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
    with (
        submitted_batch.reached(url, key, timeout_s) as client,
        _written(output) as file,
    ):
        copy = client.batches.errors if errors else client.batches.results
        copy(batch_id, file, NDJSON if as_json else CSV)


@batch.command(cls=Command, help=_CANCEL_HELP, exit_codes=submitted_batch.EXIT_CODES)
@click.argument("batch_id", metavar="ID")
@service.url_option
@service.key_option
@submitted_batch.timeout_option
@submitted_batch.json_option
def cancel(
    *, batch_id: str, url: str | None, key: str | None, timeout_s: float, as_json: bool
) -> None:
    """Cancel a batch; `_CANCEL_HELP` says it to the user."""
    with submitted_batch.reached(url, key, timeout_s) as client:
        seen = client.batches.cancel(batch_id)
    submitted_batch.tell(seen, as_json=as_json, is_to_be_whole=False)


@batch.command(cls=Command, help=_DELETE_HELP, exit_codes=submitted_batch.EXIT_CODES)
@click.argument("batch_id", metavar="ID")
@service.url_option
@service.key_option
@submitted_batch.timeout_option
@submitted_batch.json_option
def delete(
    *, batch_id: str, url: str | None, key: str | None, timeout_s: float, as_json: bool
) -> None:
    """Erase a batch; `_DELETE_HELP` says it to the user."""
    with submitted_batch.reached(url, key, timeout_s) as client:
        client.batches.delete(batch_id)
    done: dict[str, Any] = {"id": batch_id, "deleted": True}
    click.echo(json.dumps(done) if as_json else f"{batch_id} is erased.")


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

"""`kerbside property`: houses under ids of your own, and prices kept ready."""

import contextlib
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import click

from api.client import (
    ApiError,
    Client,
    NotFinished,
    NotPriced,
    Property,
    Valuation,
)
from api.commands import foreign_columns, service, submitted_batch
from api.commands.stopping import TERMINATED
from api.launcher import faults
from api.launcher.faults import (
    ApiUnreachable,
    ArchiveUnusable,
    KeyRefused,
    PropertyRefused,
    QueueRefused,
)
from model_store.command_line import Command, Group

_IMPORT_HELP = """Keep the houses of FILE as properties; - is stdin.

It is a CSV table with `custom_id`, the id of the property, and the features of the
model as columns, JSON lines such as {"custom_id": "a", "input": {...}}, or a JSON list
of such rows; the name says which: .csv, .jsonl or .ndjson, .json.

They are priced as one batch: `kerbside batch` takes its id, too. --wait follows it
until all of it is kept with its price, with a progress bar, rate and time left on a
terminal, and exits with 19 unless it is completed. A row that is wrong stops no other,
and is not kept.

With --json it prints the batch as GET /v1/batches/{id} has it; `request_counts.stored`
are the properties that are kept by now, and `stored_at` is there once all are.
"""
_VALUE_HELP = """Tell what the property ID is worth.

The price that is kept is told at once, with why it is stale if it is; where there is
none yet, or with --refresh, the command waits for a new one.

With --json it prints the valuation as GET /v1/properties/{id}/valuation has it.
"""
_SHOW_HELP = """Show the property ID as it was put.

With --json it prints it as GET /v1/properties/{id} has it.
"""
_LIST_HELP = """List your properties by their ids, each with its newest price.

With --json it prints a list of them, each as GET /v1/properties has it.
"""
_HISTORY_HELP = """List the prices that the property ID had, the newest first.

With --json it prints a list of them, each as GET /v1/properties/{id}/valuations has it.
"""
_DELETE_HELP = """Erase the property ID, its prices, and what was told of its sales.

With --json it prints {"id": ID, "deleted": true}.
"""
_EXIT_CODES = {
    0: "It is done.",
    **faults.exit_codes(
        QueueRefused, ApiUnreachable, KeyRefused, ArchiveUnusable, PropertyRefused
    ),
    TERMINATED: "Ended by SIGTERM.",
}

#: Statuses that are about the property, and not about the way to the API.
_ABOUT_PROPERTY = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
)

_id_argument = click.argument("property_id", metavar="ID")
_timeout_option = service.timeout_option(60.0, "a price")
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=Group, name="property")
def properties() -> None:
    """Look after houses whose prices are kept ready."""


@properties.command(
    "import",
    cls=Command,
    help=_IMPORT_HELP,
    exit_codes={**_EXIT_CODES, **submitted_batch.EXIT_CODES},
)
@submitted_batch.file_argument
@submitted_batch.form_option
@foreign_columns.options
@click.option(
    "--max-age", type=click.IntRange(1), help="Seconds after which a price is stale."
)
@submitted_batch.said_options
@service.url_option
@service.key_option
@submitted_batch.timeout_option
@submitted_batch.wait_option
@submitted_batch.json_option
def import_file(**options: Any) -> None:
    """Keep many properties; `_IMPORT_HELP` says it to the user."""
    submitted_batch.hand_over(lambda batches: batches.submit_properties, **options)


@properties.command(cls=Command, help=_VALUE_HELP, exit_codes=_EXIT_CODES)
@_id_argument
@click.option("--refresh", is_flag=True, help="Have a new price made, and wait for it.")
@service.url_option
@service.key_option
@_timeout_option
@_json_option
def value(
    *,
    property_id: str,
    refresh: bool,
    url: str | None,
    key: str | None,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Tell a price; `_VALUE_HELP` says it to the user."""
    with _reached(url, key, timeout_s) as client:
        found = client.properties.valuation(property_id, refresh=refresh)
    click.echo(json.dumps(dict(found.raw)) if as_json else _words(found))


@properties.command(cls=Command, help=_SHOW_HELP, exit_codes=_EXIT_CODES)
@_id_argument
@service.url_option
@service.key_option
@_timeout_option
@_json_option
def show(
    *,
    property_id: str,
    url: str | None,
    key: str | None,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Show a property; `_SHOW_HELP` says it to the user."""
    with _reached(url, key, timeout_s) as client:
        found = client.properties.get(property_id)
    if as_json:
        click.echo(json.dumps(dict(found.raw)))
        return
    click.echo(f"{found.id}, a house of {found.model}, changed {found.updated_at}.")
    for name, given in found.input.items():
        click.echo(f"  {name}: {given}")


@properties.command("list", cls=Command, help=_LIST_HELP, exit_codes=_EXIT_CODES)
@service.url_option
@service.key_option
@_timeout_option
@_json_option
def list_all(
    *, url: str | None, key: str | None, timeout_s: float, as_json: bool
) -> None:
    """List properties; `_LIST_HELP` says it to the user."""
    with _reached(url, key, timeout_s) as client:
        found = [*client.properties.list()]
    if as_json:
        click.echo(json.dumps([dict(one.raw) for one in found]))
        return
    for one in found:
        click.echo(_line(one))


@properties.command(cls=Command, help=_HISTORY_HELP, exit_codes=_EXIT_CODES)
@_id_argument
@service.url_option
@service.key_option
@_timeout_option
@_json_option
def history(
    *,
    property_id: str,
    url: str | None,
    key: str | None,
    timeout_s: float,
    as_json: bool,
) -> None:
    """List prices; `_HISTORY_HELP` says it to the user."""
    with _reached(url, key, timeout_s) as client:
        found = [*client.properties.history(property_id)]
    if as_json:
        click.echo(json.dumps([dict(one.raw) for one in found]))
        return
    for one in found:
        click.echo(_words(one))


@properties.command(cls=Command, help=_DELETE_HELP, exit_codes=_EXIT_CODES)
@_id_argument
@service.url_option
@service.key_option
@_timeout_option
@_json_option
def delete(
    *,
    property_id: str,
    url: str | None,
    key: str | None,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Erase a property; `_DELETE_HELP` says it to the user."""
    with _reached(url, key, timeout_s) as client:
        client.properties.delete(property_id)
    done: dict[str, Any] = {"id": property_id, "deleted": True}
    click.echo(json.dumps(done) if as_json else f"{property_id} is erased.")


@contextlib.contextmanager
def _reached(url: str | None, key: str | None, timeout_s: float) -> Iterator[Client]:
    """Give a client of the API, which a signal ends, and tell what it fails at."""
    with service.reached(url, key, timeout_s) as client, _told():
        yield client


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell what is wrong with a property apart from what is wrong with the way there.

    Raises:
        PropertyRefused: The API does not know it, or cannot price it.
    """
    try:
        yield
    except NotFinished:
        raise
    except NotPriced as error:
        raise PropertyRefused(str(error)) from error
    except ApiError as error:
        if error.status not in _ABOUT_PROPERTY:
            raise
        raise PropertyRefused(service.reasons(error)) from error


def _words(found: Valuation) -> str:
    words = (
        f"{found.price:,} {found.currency} ({found.low:,} to {found.high:,})"
        f" by {found.model_version}, {found.valued_at}"
    )
    if found.change is not None:
        words += f", {found.change:+,}"
    if found.stale_because:
        words += f"; stale because of {', '.join(found.stale_because)}"
    return f"{words}."


def _line(found: Property) -> str:
    newest = found.raw["valuation"]
    if newest is None:
        return f"{found.id}: no price yet."
    return (
        f"{found.id}: {newest['price']:,} {newest['currency']}"
        f" by {newest['version']}, {newest['valued_at']}."
    )

"""`kerbside outcomes`: what houses were sold for, told to the API."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import click

from api.client import ApiError, Client
from api.commands import given_file, progress, sales_file, service
from api.commands.sales_file import Placed
from api.commands.stopping import TERMINATED
from api.house_file import WrongFile
from api.launcher import faults
from api.launcher.faults import (
    ApiUnreachable,
    ArchiveUnusable,
    KeyRefused,
    QueueRefused,
    SalesRefused,
)
from api.outcome_problems import UnknownOutcome
from model_store.command_line import Command, Group

_WITHDRAW_HELP = """Withdraw the sales of these IDS, `out_...`, as POST or GET
/v1/outcomes tells them.

All that was told of a sale is erased, corrections too, and it judges no price any more.
Those that are known are withdrawn also where others are not; to withdraw one again
changes nothing, and a sale may be told anew.

With --json it prints {"withdrawn", "unknown"}, both lists of ids.
"""

#: Sales that are told together: with their houses they have room in a request.
_AT_ONCE = 500
#: Where an error of the API is: at which sale of the request, and at what of it.
_POINTER = re.compile(r"/outcomes/(\d{1,9})/?(.*)")
#: What may become of a sale.
_BECAME = ("new", "correction", "known")

_HELP = """Tell what the houses in FILE were sold for; - is stdin.

It is a CSV table, a JSON document or one JSON object a line. Each sale has `price`,
`sold_on` (a day such as 2026-01-31), and `prediction_id`, `property_id` or the house
itself: as columns of the table, named like the features of the champion, or in `input`.

Up to 500 sales are told together, all or none. What was told before changes nothing,
and another price or day corrects it, so the same command can be repeated at any time:
after a mistake was mended, or when it was interrupted.

With --json it prints {"sales", "new", "correction", "known"}, all numbers.
"""

_EXIT_CODES = {
    0: "All sales are told.",
    **faults.exit_codes(
        QueueRefused, ApiUnreachable, KeyRefused, ArchiveUnusable, SalesRefused
    ),
    TERMINATED: "Ended by SIGTERM.",
}
_EXIT_CODES_WITHDRAW = {**_EXIT_CODES, 0: "All sales are withdrawn."}

_timeout_option = service.timeout_option(10.0, "an answer")


@click.group(cls=Group)
def outcomes() -> None:
    """Tell what houses were sold for, so that prices are held to it."""


@outcomes.command(cls=Command, help=_HELP, exit_codes=_EXIT_CODES)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@service.url_option
@service.key_option
@_timeout_option
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def add(
    *, file: str, url: str | None, key: str | None, timeout_s: float, as_json: bool
) -> None:
    """Tell the sales of a file; `_HELP` says it to the user."""
    with service.reached(url, key, timeout_s) as client:
        sales = _read(file, client)
        became = Counter(_told(client, sales, file))
    counts = {"sales": len(sales), **{name: became[name] for name in _BECAME}}
    click.echo(json.dumps(counts) if as_json else _words(counts))


@outcomes.command(cls=Command, help=_WITHDRAW_HELP, exit_codes=_EXIT_CODES_WITHDRAW)
@click.argument("ids", nargs=-1, required=True)
@service.url_option
@service.key_option
@_timeout_option
@click.option("--json", "as_json", is_flag=True, help="Print the ids as JSON.")
def withdraw(
    *,
    ids: tuple[str, ...],
    url: str | None,
    key: str | None,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Withdraw sales; `_WITHDRAW_HELP` says it to the user."""
    with service.reached(url, key, timeout_s) as client:
        withdrawn = [one for one in ids if _is_withdrawn(client, one)]
    unknown = [one for one in ids if one not in withdrawn]
    if as_json:
        click.echo(json.dumps({"withdrawn": withdrawn, "unknown": unknown}))
    if unknown:
        names = ", ".join(unknown)
        known = f"{len(withdrawn):,} of {len(ids):,} sales are withdrawn."
        raise SalesRefused(f"You have told no sale of these ids: {names}\n{known}")
    if not as_json:
        click.echo(f"Sales withdrawn: {len(ids):,}.")


def _is_withdrawn(client: Client, outcome_id: str) -> bool:
    """Withdraw a sale; return whether it is known."""
    try:
        client.withdraw(outcome_id)
    except ApiError as error:
        if error.type != UnknownOutcome.type_uri():
            raise
        return False
    return True


def _read(name: str, client: Client) -> Sequence[Placed]:
    with given_file.opened(name) as file:
        text = file.read()
    try:
        return sales_file.read(text, name, partial(_features, client))
    except WrongFile as error:
        raise click.UsageError(str(error)) from error


def _features(client: Client) -> dict[str, str]:
    features = client.model()["schema"]["features"]
    return {one["name"]: one["kind"] for one in features}


def _told(client: Client, sales: Sequence[Placed], name: str) -> Iterator[str]:
    """Yield what became of each sale.

    Raises:
        SalesRefused: Some are not as expected; those before their 500 are told.
    """
    total = len(sales)
    shown = progress.shown("Telling", total=total, done=0, is_hidden=False)
    with shown as step:
        for first in range(0, total, _AT_ONCE):
            some = sales[first : first + _AT_ONCE]
            try:
                results = client.outcomes(sale for _, sale in some)  # type: ignore[misc] # the API says what is wrong with it
            except ApiError as error:
                if error.status != HTTPStatus.UNPROCESSABLE_ENTITY or not error.errors:
                    raise
                raise _refused(error, some, name, f"{first:,} of {total:,}") from error
            for one in results:
                step()
                yield one["became"]


def _refused(
    error: ApiError, some: Sequence[Placed], name: str, done: str
) -> SalesRefused:
    lines = [
        f"{name}, {_place(str(one.get('pointer')), some)}: {one.get('detail')}"
        for one in error.errors
    ]
    end = f"{done} sales are told. Mend these and repeat the command."
    return SalesRefused("\n".join([*lines, end]))


def _place(pointer: str, some: Sequence[Placed]) -> str:
    """Return where in the file a pointer leads, such as `line 3, sold_on`."""
    found = _POINTER.fullmatch(pointer)
    if found is None or int(found[1]) >= len(some):
        return pointer
    place, _ = some[int(found[1])]
    return f"{place}, {found[2]}" if found[2] else place


def _words(counts: dict[str, Any]) -> str:
    return (
        f"Sales told: {counts['sales']:,} ({counts['new']:,} new, "
        f"{counts['correction']:,} corrected, {counts['known']:,} known before)."
    )

"""`kerbside keys`: API keys are made, listed and revoked."""

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from api.commands import auditing, redis_access
from api.launcher import faults, installation
from api.launcher.faults import NotFound, RedisUnreachable
from model_store.command_line import Group, results
from worker.credentials import SCOPES, ApiKey, ApiKeys, InvalidKeyRequest, id_in
from worker.key_uses import KeyUses
from worker.limits import InvalidRateLimit, RateLimit

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
#: Last letter of a duration -> its seconds.
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class _Duration(click.ParamType[timedelta]):
    """A duration such as `90d`, in one unit."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read a duration as it was typed."""
        match = re.fullmatch(r"([1-9][0-9]{0,8})([smhd])", str(value))
        if match is None:
            self.fail(
                f"{value!r} is no duration: expected a number and s, m, h or d, such "
                "as 90d or 12h.",
                param,
                ctx,
            )
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


class _Limit(click.ParamType[RateLimit]):
    """A rate limit, as people write it."""

    name = "requests/seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> RateLimit:
        try:
            return RateLimit.parse(value)
        except InvalidRateLimit as error:
            self.fail(str(error), param, ctx)


def _id(typed: str) -> str:
    """Return the id that was typed; its token will do, and is told nowhere."""
    if key_id := id_in(typed):
        return key_id
    raise NotFound(
        "That is no id of a key: expected its 12 letters and digits, the middle part"
        " of the token. `kerbside keys list` shows all."
    )


_key_id = click.argument("key_id", metavar="ID")


@click.group(cls=Group, exit_codes=faults.exit_codes(RedisUnreachable, NotFound))
def keys() -> None:
    """Make, list and revoke API keys.

    They are kept in the Redis at KERBSIDE_REDIS_URL, by default in that of the
    `kerbside up` which runs on the state folder.
    """


@keys.command()
@click.option(
    "--tenant", default="default", show_default=True, help="Whose jobs it sees."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=("predict", "read"),
    show_default=True,
    help="What it may do; repeat for more.",
)
@click.option("--name", default="", help="For the people who look after keys.")
@click.option(
    "--expires-in",
    "lifetime",
    type=_Duration(),
    help="After how long it expires, such as 90d, 12h or 30m.",
)
@click.option(
    "--rate-limit",
    type=_Limit(),
    help="Requests that it may send in a number of seconds, such as 100/60; by default "
    "those of KERBSIDE_RATE_LIMIT.",
)
@_as_json
def create(
    *,
    tenant: str,
    scopes: tuple[str, ...],
    name: str,
    lifetime: timedelta | None,
    rate_limit: RateLimit | None,
    as_json: bool,
) -> None:
    """Make a key and print its token, which is shown this once."""
    with _kept() as (kept, _):
        try:
            token, key = kept.create(
                tenant=tenant,
                scopes=scopes,
                name=name,
                expires_at=_end_of(lifetime),
                rate_limit=rate_limit,
            )
        except InvalidKeyRequest as error:
            raise click.UsageError(str(error)) from error
    auditing.keep("create_key", [key.id])
    public = key.public(datetime.now(UTC), None)
    click.echo(json.dumps({"token": token, **public}) if as_json else token)


@keys.command("list")
@click.option("--tenant", help="Only keys of this tenant.")
@_as_json
def list_keys(*, tenant: str | None, as_json: bool) -> None:
    """List keys, without their secrets; expired and revoked ones too."""
    with _kept() as (kept, uses):
        found = [key for key in kept.list() if tenant in {None, key.tenant}]
        shown = _public(found, uses)
    if as_json:
        click.echo(json.dumps(shown))
        return
    columns = ("id", "tenant", "scopes", "name", "made on", "last used", "state")
    table = Table(*columns, box=None)
    for key in shown:
        scopes, made_on = " ".join(key["scopes"]), key["created_at"][:10]
        used = (key["last_used_at"] or "never")[:16].replace("T", " ")
        row = (key["id"], key["tenant"], scopes, key["name"], made_on, used)
        table.add_row(*map(escape, (*row, key["state"])))
    results().print(table)


@keys.command()
@_key_id
@_as_json
def show(*, key_id: str, as_json: bool) -> None:
    """Show what is kept of the key ID: everything but its secret."""
    key_id = _id(key_id)
    with _kept() as (kept, uses):
        (shown,) = _public([_found(kept.find(key_id), key_id)], uses)
    if as_json:
        click.echo(json.dumps(shown))
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in shown.items():
        told = " ".join(value) if isinstance(value, list) else value
        table.add_row(name, escape(told or "-"))
    results().print(table)


@keys.command()
@_key_id
@_as_json
def revoke(*, key_id: str, as_json: bool) -> None:
    """Revoke the key ID.

    A process of the API that has just seen it takes it for KERBSIDE_KEY_CACHE_S more
    seconds at most, by default 5.
    """
    key_id = _id(key_id)
    with _kept() as (kept, uses):
        is_last = kept.carries_last("operate", key_id)
        key = _found(kept.revoke(key_id), key_id)
        (shown,) = _public([key], uses)
    auditing.keep("revoke_key", [key.id])
    if is_last:
        click.echo(
            "Warning: no usable key with the scope operate is left; make one with "
            "`kerbside keys create --tenant operator --scope operate`.",
            err=True,
        )
    click.echo(json.dumps(shown) if as_json else f"Revoked {key.id}.")


@contextlib.contextmanager
def _kept() -> Iterator[tuple[ApiKeys, KeyUses]]:
    settings = installation.read_settings()
    with redis_access.connected(settings) as client:
        yield ApiKeys(client), KeyUses(client)


def _end_of(lifetime: timedelta | None) -> datetime | None:
    if lifetime is None:
        return None
    try:
        return datetime.now(UTC) + lifetime
    except OverflowError:
        raise click.UsageError(
            "--expires-in: that is after the year 9999; leave it out for a key that "
            "does not expire."
        ) from None


def _found(key: ApiKey | None, key_id: str) -> ApiKey:
    if key is None:
        raise NotFound(f"There is no key {key_id}; `kerbside keys list` shows all.")
    return key


def _public(found: Sequence[ApiKey], uses: KeyUses) -> list[dict[str, Any]]:
    used, now = uses.of(key.id for key in found), datetime.now(UTC)
    return [key.public(now, used.get(key.id)) for key in found]

"""`kerbside keys`: API keys are made, listed and revoked."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from api.commands import redis_access
from api.launcher import faults, installation
from api.launcher.faults import NotFound, RedisUnreachable
from model_store.command_line import Group, results
from worker.credentials import SCOPES, ApiKey, ApiKeys, InvalidKeyRequest
from worker.limits import InvalidRateLimit, RateLimit

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


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
@click.option("--days", type=click.IntRange(1), help="Days until it expires.")
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
    days: int | None,
    rate_limit: RateLimit | None,
    as_json: bool,
) -> None:
    """Make a key and print its token, which is shown this once."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    with _kept() as kept:
        try:
            token, key = kept.create(
                tenant=tenant,
                scopes=scopes,
                name=name,
                expires_at=expires_at,
                rate_limit=rate_limit,
            )
        except InvalidKeyRequest as error:
            raise click.UsageError(str(error)) from error
    click.echo(json.dumps({"token": token, **_public(key)}) if as_json else token)


@keys.command("list")
@_as_json
def list_keys(*, as_json: bool) -> None:
    """List all keys, without their secrets."""
    with _kept() as kept:
        found = [_public(key) for key in kept.list()]
    if as_json:
        click.echo(json.dumps(found))
        return
    table = Table("id", "tenant", "scopes", "name", "made on", "state", box=None)
    for key in found:
        scopes, made_on = " ".join(key["scopes"]), key["created_at"][:10]
        row = (key["id"], key["tenant"], scopes, key["name"], made_on, key["state"])
        table.add_row(*map(escape, row))
    results().print(table)


@keys.command()
@click.argument("key_id")
@_as_json
def revoke(*, key_id: str, as_json: bool) -> None:
    """Revoke the key KEY_ID.

    A process of the API that has just seen it takes it for KERBSIDE_KEY_CACHE_S more
    seconds at most, by default 5.
    """
    with _kept() as kept:
        key = kept.revoke(key_id)
    if key is None:
        raise NotFound(f"There is no key {key_id}; `kerbside keys list` shows all.")
    click.echo(json.dumps(_public(key)) if as_json else f"Revoked {key.id}.")


@contextlib.contextmanager
def _kept() -> Iterator[ApiKeys]:
    with redis_access.connected(installation.read_settings()) as client:
        yield ApiKeys(client)


def _public(key: ApiKey) -> dict[str, Any]:
    """Return what may be shown of a key."""
    state = "usable" if key.is_usable(datetime.now(UTC)) else "expired"
    return {
        "id": key.id,
        "tenant": key.tenant,
        "scopes": sorted(key.scopes),
        "name": key.name,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at and key.expires_at.isoformat(),
        "rate_limit": key.rate_limit and str(key.rate_limit),
        "state": "revoked" if key.revoked_at else state,
    }

"""Endpoints are copied to a file, and from a file to another installation."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from api.commands import auditing
from api.commands.webhooks import copy_file
from api.commands.webhooks.copy_file import Copy, DefaultCopy, EndpointCopy
from api.commands.webhooks.endpoints import every_endpoint
from api.commands.webhooks.site import (
    Site,
    as_json,
    connected,
    of_tenant,
    read_settings,
)
from model_store.command_line import Command
from worker.supervision import secretfile
from worker.webhooks.endpoints import MOST, Change, Endpoint, Wanted
from worker.webhooks.keyring import default_owner

#: What an import did with an endpoint.
_CREATED, _CHANGED, _UNCHANGED = "created", "changed", "unchanged"


@click.command(cls=Command)
@of_tenant
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to be written, for its owner alone; by default stdout.",
)
@click.option("--with-secrets", is_flag=True, help="Copy secrets too; needs -o.")
@as_json
def export(
    *, tenant: str | None, output: Path | None, with_secrets: bool, as_json: bool
) -> None:
    """Copy endpoints as JSON, as `import` reads them.

    The JSON is {"object", "endpoints": [{"tenant", "url", "events", "description",
    "enabled", "secrets"?}], "default_secrets": [{"tenant", "secrets"}]}. With -o and
    --json it prints {"output", "endpoints"} besides.
    """
    if with_secrets and output is None:
        raise click.UsageError("--with-secrets needs -o: secrets go to no terminal.")
    with connected() as site:
        copy = _copied(site, tenant, with_secrets=with_secrets)
    record = copy.model_dump(exclude_unset=True)
    if output is None:
        click.echo(json.dumps(record, indent=2))
        return
    secretfile.write_json(output, record)
    told = {"output": str(output), "endpoints": len(copy.endpoints)}
    text = f"{len(copy.endpoints)} endpoints are in {output}."
    click.echo(json.dumps(told) if as_json else text)


@click.command("import", cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_json
def import_(*, file: Path, as_json: bool) -> None:
    """Make the endpoints of FILE, as `export` writes it.

    An endpoint of the same tenant, url and events is changed, not made again, so that
    the command can be repeated. Secrets in the file are taken over, and sign beside
    those that are there. Everything is looked at before anything is written.

    With --json it prints {"endpoints": [{"id", "tenant", "url", "outcome", "secret"?}]}
    where an outcome is created, changed or unchanged; a secret is there when the file
    had none and one was made.
    """
    copy = copy_file.read(file, read_settings())
    with connected() as site:
        known = {_identity(one): one for one in every_endpoint(site, None)}
        _check_room(file, copy, known)
        told = [_imported(site, one, known.get(one.identity)) for one in copy.endpoints]
        for default in copy.default_secrets:
            _take_over(site, default_owner(default.tenant), default.secrets)
    auditing.keep("import_webhooks", [one["id"] for one in told])
    if as_json:
        click.echo(json.dumps({"endpoints": told}))
        return
    for one in told:
        click.echo("{outcome:<9} {id} {tenant} {url}".format(**one))
        if "secret" in one:
            click.echo(f"          its secret, shown this once: {one['secret']}")


def _copied(site: Site, tenant: str | None, *, with_secrets: bool) -> Copy:
    endpoints = []
    for one in every_endpoint(site, tenant):
        fields: dict[str, Any] = {
            "tenant": one.tenant,
            "url": one.url,
            "events": list(one.events),
            "description": one.description,
            "enabled": one.enabled,
        }
        if with_secrets:
            fields["secrets"] = list(site.keyring.secrets(one.id))
        endpoints.append(EndpointCopy(**fields))
    if not with_secrets:
        return Copy(object="webhooks", endpoints=endpoints)
    return Copy(
        object="webhooks",
        endpoints=endpoints,
        default_secrets=list(_default_secrets(site, tenant)),
    )


def _default_secrets(site: Site, tenant: str | None) -> Sequence[DefaultCopy]:
    prefix = default_owner("")
    return [
        DefaultCopy(
            tenant=owner.removeprefix(prefix),
            secrets=list(site.keyring.secrets(owner)),
        )
        for owner in site.keyring.owners()
        if owner.startswith(prefix) and tenant in {None, owner.removeprefix(prefix)}
    ]


def _identity(endpoint: Endpoint) -> tuple[str, str, frozenset[str]]:
    return endpoint.tenant, endpoint.url, frozenset(endpoint.events)


def _check_room(
    file: Path, copy: Copy, known: dict[tuple[str, str, frozenset[str]], Endpoint]
) -> None:
    there = Counter(one.tenant for one in known.values())
    new = Counter(one.tenant for one in copy.endpoints if one.identity not in known)
    for tenant, count in new.items():
        if there[tenant] + count > MOST:
            raise click.UsageError(
                f"{file}: tenant {tenant} has {there[tenant]} endpoints and would get"
                f" {count} more: expected {MOST} at most. Nothing was written."
            )


def _imported(site: Site, copy: EndpointCopy, known: Endpoint | None) -> dict[str, Any]:
    wanted = Wanted(
        url=copy.url,
        events=copy.events,
        description=copy.description,
        enabled=copy.enabled,
    )
    told: dict[str, Any] = {"tenant": copy.tenant, "url": copy.url}
    if known is None:
        first = copy.secrets[-1] if copy.secrets else None
        made, secret = site.endpoints.create(copy.tenant, wanted, secret=first)
        _take_over(site, made.id, copy.secrets)
        shown = {} if copy.secrets else {"secret": secret}
        return {"id": made.id, **told, "outcome": _CREATED, **shown}
    same = (known.description, known.enabled) == (copy.description, copy.enabled)
    if not same:
        change = Change(description=copy.description, enabled=copy.enabled)
        site.endpoints.update(copy.tenant, known.id, change)
    taken = _take_over(site, known.id, copy.secrets)
    outcome = _UNCHANGED if same and not taken else _CHANGED
    return {"id": known.id, **told, "outcome": outcome}


def _take_over(site: Site, owner: str, secrets: Sequence[str]) -> bool:
    """Let secrets, the newest first, sign as they did; tell whether any is new."""
    current = site.keyring.secrets(owner)
    # Those that were replaced sign for a day at most; the file does not renew it.
    if list(current[:1]) == list(secrets[:1]) or not secrets:
        return False
    for secret in reversed(secrets):
        site.keyring.rotate(owner, secret)
    return True

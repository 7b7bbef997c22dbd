"""Endpoints are listed, made, changed and deleted."""

import json
from collections.abc import Sequence

import click
from pydantic import ValidationError

from api.commands import auditing
from api.commands.webhooks import display
from api.commands.webhooks.site import Site, as_json, connected, endpoint_id, of_tenant
from api.commands.webhooks.site import tenant as tenant_option
from api.webhook_fields import EndpointFields
from model_store.command_line import Command, results
from worker.webhooks import event_types
from worker.webhooks.addresses import RefusedAddress, check_host
from worker.webhooks.endpoints import Change, Endpoint, Wanted


@click.command("list", cls=Command)
@of_tenant
@as_json
def list_endpoints(*, tenant: str | None, as_json: bool) -> None:
    """List endpoints, without their secrets.

    With --json it prints a list of what `show --json` prints.
    """
    with connected() as site:
        found = every_endpoint(site, tenant)
    if as_json:
        click.echo(json.dumps([display.endpoint_record(one) for one in found]))
    elif found:
        results().print(display.endpoint_table(found))
    else:
        click.echo("No endpoints.")


@click.command(cls=Command)
@endpoint_id
@tenant_option
@as_json
def show(*, endpoint_id: str, tenant: str, as_json: bool) -> None:
    """Show the endpoint ID, without its secrets.

    With --json it prints {"tenant", "id", "object", "url", "events", "description",
    "enabled", "disabled_reason", "disabled_at", "created_at", "pending", "dropped",
    "failing_since", "last_delivered_at", "paused_until"}.
    """
    with connected() as site:
        record = display.endpoint_record(site.endpoints.find(tenant, endpoint_id))
    if as_json:
        click.echo(json.dumps(record))
    else:
        results().print(display.details(record))


@click.command(cls=Command)
@click.argument("url")
@tenant_option
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice(event_types.patterns()),
    default=("*",),
    show_default=True,
    help="What it is sent; repeat for more.",
)
@click.option("--description", default="", help="For the people who look after it.")
@as_json
def create(
    *,
    url: str,
    tenant: str,
    events: tuple[str, ...],
    description: str,
    as_json: bool,
) -> None:
    """Register URL; print the new endpoint's id and, this once, its secret.

    With --json it prints what `show --json` prints, and "secret".
    """
    wanted = _wanted(url, events, description)
    with connected() as site:
        try:
            check_host(url, site.settings)
        except RefusedAddress as error:
            raise click.UsageError(f"Webhooks may not go there: {error}.") from error
        made, secret = site.endpoints.create(tenant, wanted)
    auditing.keep("create_webhook", [made.id])
    if as_json:
        click.echo(json.dumps({**display.endpoint_record(made), "secret": secret}))
    else:
        click.echo(f"{made.id} {secret}")


@click.command(cls=Command)
@endpoint_id
@tenant_option
@as_json
def delete(*, endpoint_id: str, tenant: str, as_json: bool) -> None:
    """Delete the endpoint ID, its log and what it was still to be told.

    With --json it prints {"id", "deleted"}.
    """
    with connected() as site:
        site.endpoints.delete(tenant, endpoint_id)
    auditing.keep("delete_webhook", [endpoint_id])
    record = {"id": endpoint_id, "deleted": True}
    click.echo(json.dumps(record) if as_json else f"Deleted {endpoint_id}.")


@click.command(cls=Command)
@endpoint_id
@tenant_option
@as_json
def enable(*, endpoint_id: str, tenant: str, as_json: bool) -> None:
    """Enable the endpoint ID, with a clean slate.

    What it missed stays failed: `recover` sends it.

    With --json it prints what `show --json` prints.
    """
    _tell("Enabled", _switched(tenant, endpoint_id, enabled=True), as_json=as_json)
    auditing.keep("enable_webhook", [endpoint_id])


@click.command(cls=Command)
@endpoint_id
@tenant_option
@as_json
def disable(*, endpoint_id: str, tenant: str, as_json: bool) -> None:
    """Disable the endpoint ID: what it was still to be told is called off.

    With --json it prints what `show --json` prints.
    """
    _tell("Disabled", _switched(tenant, endpoint_id, enabled=False), as_json=as_json)
    auditing.keep("disable_webhook", [endpoint_id])


def every_endpoint(site: Site, tenant: str | None) -> list[Endpoint]:
    """Return the endpoints of a tenant, by default of all."""
    tenants = site.endpoints.tenants() if tenant is None else [tenant]
    return [one for name in tenants for one in site.endpoints.list(name)]


def _wanted(url: str, events: Sequence[str], description: str) -> Wanted:
    try:
        fields = EndpointFields(url=url, events=[*events], description=description)
    except ValidationError as error:
        first = error.errors()[0]
        raise click.UsageError(f"{first['loc'][0]}: {first['msg']}.") from None
    return Wanted(**fields.model_dump())


def _switched(tenant: str, endpoint_id: str, *, enabled: bool) -> Endpoint:
    with connected() as site:
        return site.endpoints.update(tenant, endpoint_id, Change(enabled=enabled))


def _tell(verb: str, endpoint: Endpoint, *, as_json: bool) -> None:
    record = display.endpoint_record(endpoint)
    click.echo(json.dumps(record) if as_json else f"{verb} {endpoint.id}.")

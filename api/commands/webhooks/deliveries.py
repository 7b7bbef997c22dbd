"""Deliveries are looked at, tried out and made again."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import click

from api import example_events
from api.commands import auditing
from api.commands.webhooks import display
from api.commands.webhooks.site import Site, as_json, connected, endpoint_id
from api.commands.webhooks.site import tenant as tenant_option
from api.launcher.faults import DeliveryFailed
from model_store.command_line import Command, results
from worker.webhooks import event_types
from worker.webhooks.deliveries import Delivery
from worker.webhooks.errors import EndpointDisabled

#: Seconds between two looks at a delivery that is waited for.
_LOOK_EVERY_S = 0.1


class _Instant(click.ParamType[datetime]):
    """An instant as RFC 3339 writes it; without a zone it is in UTC."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read an instant as it was typed."""
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is no instant: expected one such as 2026-01-31T12:00:00Z.",
                param,
                ctx,
            )
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


@click.command("deliveries", cls=Command)
@endpoint_id
@tenant_option
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="How many, at most.",
)
@as_json
def list_deliveries(
    *, endpoint_id: str, tenant: str, limit: int, as_json: bool
) -> None:
    """List what was sent to the endpoint ID, newest first.

    With --json it prints [{"id", "object", "webhook", "event": {"id", "type"},
    "prediction", "status", "status_detail", "created_at", "next_attempt_at",
    "completed_at", "attempts": [{"at", "status_code", "duration", "response",
    "error"}]}].
    """
    with connected() as site:
        owner = site.endpoints.owner(tenant, endpoint_id)
        found = site.deliveries.page(owner, limit=limit)
    if as_json:
        click.echo(json.dumps([one.public() for one in found]))
    elif found:
        results().print(display.delivery_table(found))
    else:
        click.echo("No deliveries.")


@click.command("test", cls=Command)
@endpoint_id
@tenant_option
@click.option(
    "--type",
    "type_",
    type=click.Choice([*event_types.TYPES]),
    default="prediction.succeeded",
    show_default=True,
    help="Of what type the example is.",
)
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    help="Seconds until it must have been tried.",
)
@as_json
def test(
    *, endpoint_id: str, tenant: str, type_: str, wait_s: float, as_json: bool
) -> None:
    """Send the endpoint ID an example, signed as every event, and tell its answer.

    It is sent whatever types the endpoint takes. The prediction of an example has an
    id of zeros and {"test": "true"} as its metadata.

    With --json it prints the delivery, as `deliveries --json` does.
    """
    with connected() as site:
        if not site.endpoints.find(tenant, endpoint_id).enabled:
            raise EndpointDisabled
        delivery_id = example_events.send(
            site.deliveries,
            tenant,
            endpoint_id,
            type_,
            at_ms=round(time.time() * 1000),
            base_url=site.settings.public_url,
        )
        auditing.keep("test_webhook", [endpoint_id, delivery_id])
        made = _tried(site, tenant, delivery_id, wait_s)
    told = made.public()
    answer = display.last_answer(made)
    if as_json:
        click.echo(json.dumps(told))
    elif told["status"] == "delivered":
        click.echo(f"Delivered: the receiver answered {answer}.")
    if not made.attempts:
        raise DeliveryFailed(
            f"Nobody has tried {delivery_id} within {wait_s:g} s. Does a webhook worker"
            " run? `kerbside doctor` tells."
        )
    if told["status"] != "delivered":
        raise DeliveryFailed(f"Not delivered: {answer}. `delete` what is no receiver.")


@click.command(cls=Command)
@click.argument("delivery_id", metavar="DELIVERY")
@tenant_option
@as_json
def redeliver(*, delivery_id: str, tenant: str, as_json: bool) -> None:
    """Make DELIVERY again, with the same bytes and event id.

    With --json it prints the delivery, as `deliveries --json` does.
    """
    with connected() as site:
        told = site.deliveries.redeliver(tenant, delivery_id).public()
    auditing.keep("redeliver", [delivery_id])
    click.echo(json.dumps(told) if as_json else f"{delivery_id} is under way again.")


@click.command(cls=Command)
@endpoint_id
@tenant_option
@click.option(
    "--since",
    type=_Instant(),
    default=datetime.fromtimestamp(0, UTC),
    show_default="all that the log has",
    help="From when on, such as 2026-01-31T12:00:00Z.",
)
@as_json
def recover(*, endpoint_id: str, tenant: str, since: datetime, as_json: bool) -> None:
    """Make again what failed to reach the endpoint ID.

    With --json it prints {"id", "recovered"}.
    """
    with connected() as site:
        owner = site.endpoints.owner(tenant, endpoint_id)
        since_ms = round(since.timestamp() * 1000)
        count = site.deliveries.recover(tenant, owner, since_ms)
    auditing.keep("recover_deliveries", [endpoint_id])
    record = {"id": endpoint_id, "recovered": count}
    click.echo(json.dumps(record) if as_json else f"{count:,} are under way again.")


def _tried(site: Site, tenant: str, delivery_id: str, wait_s: float) -> Delivery:
    until = time.monotonic() + wait_s
    while True:
        delivery = site.deliveries.find(tenant, delivery_id)
        if delivery.attempts or time.monotonic() > until:
            return delivery
        time.sleep(_LOOK_EVERY_S)

"""`kerbside webhooks`: endpoints of tenants, what becomes of their events, secrets."""

import click

from api.commands.webhooks import copies, deliveries, endpoints, secrets
from api.launcher import faults
from api.launcher.faults import (
    DeliveryFailed,
    NotFound,
    RedisUnreachable,
    SecretSealed,
    WebhookRefused,
)
from model_store.command_line import Group

_EXIT_CODES = faults.exit_codes(
    RedisUnreachable, NotFound, WebhookRefused, SecretSealed, DeliveryFailed
)


@click.group(cls=Group, exit_codes=_EXIT_CODES)
def webhooks() -> None:
    """Look after webhooks: endpoints, deliveries, secrets.

    They are kept in the Redis at KERBSIDE_REDIS_URL, by default in that of the
    `kerbside up` which runs on the state folder. An ID is that of an endpoint; for what
    a tenant's requests themselves name as `webhook` it is `default`.
    """


for _command in (
    endpoints.list_endpoints,
    endpoints.show,
    endpoints.create,
    endpoints.delete,
    endpoints.enable,
    endpoints.disable,
    secrets.rotate_secret,
    deliveries.test,
    deliveries.list_deliveries,
    deliveries.redeliver,
    deliveries.recover,
    copies.export,
    copies.import_,
    secrets.new_key,
    secrets.reseal,
):
    webhooks.add_command(_command)

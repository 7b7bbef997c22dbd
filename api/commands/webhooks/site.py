"""Where the webhooks of an installation are kept, and what may fail about them."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
import redis

from api.commands import redis_access
from api.launcher import installation, sealing_keys
from api.launcher.faults import NotFound, SecretSealed, WebhookRefused
from api.settings import ApiSettings
from worker.credentials import TENANT
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.endpoints import Endpoints
from worker.webhooks.errors import UnknownDelivery, UnknownEndpoint, WebhookError
from worker.webhooks.keyring import Keyring
from worker.webhooks.sealing import SealingError


class _TenantName(click.ParamType[str]):
    """The name of a tenant."""

    name = "tenant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Look at a name as it was typed."""
        if not re.fullmatch(TENANT, str(value)):
            self.fail(
                f"{value!r} is no tenant: expected 1 to 63 lower-case letters, digits,"
                " '-' and '_', beginning with a letter or digit.",
                param,
                ctx,
            )
        return str(value)


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
tenant = click.option(
    "--tenant",
    type=_TenantName(),
    default="default",
    show_default=True,
    help="Whose it is.",
)
of_tenant = click.option(
    "--tenant", type=_TenantName(), help="Only those of this tenant."
)
endpoint_id = click.argument("endpoint_id", metavar="ID")


@dataclass(frozen=True, slots=True)
class Site:
    """All that is kept of webhooks."""

    settings: ApiSettings
    endpoints: Endpoints
    deliveries: Deliveries
    keyring: Keyring


def read_settings() -> ApiSettings:
    """Return the settings of the installation, with the keys of its state folder.

    Raises:
        click.UsageError: A setting, or the file of keys, holds what it may not.
    """
    settings = installation.as_it_runs(installation.read_settings())
    keys = tuple(sealing_keys.known(settings))
    return settings.model_copy(update={"secret_keys": keys})


@contextlib.contextmanager
def connected() -> Iterator[Site]:
    """Return what is kept while the block runs; its faults become those of a command.

    Raises:
        RedisUnreachable: There is no Redis, or it fails the block.
        NotFound: There is no such endpoint or delivery.
        WebhookRefused: It cannot be done now.
        SecretSealed: No key seals or opens a secret.
    """
    settings = read_settings()
    with redis_access.connected(settings) as client, _told():
        yield _site(client, settings)


def _site(client: redis.Redis, settings: ApiSettings) -> Site:
    return Site(
        settings=settings,
        endpoints=Endpoints(client, settings),
        deliveries=Deliveries(client, settings),
        keyring=Keyring(client, settings),
    )


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (UnknownEndpoint, UnknownDelivery) as error:
        raise NotFound(
            f"{error} `kerbside webhooks list` shows the endpoints of each --tenant,"
            " `kerbside webhooks deliveries` what was sent to one."
        ) from error
    except WebhookError as error:
        raise WebhookRefused(str(error)) from error
    except SealingError as error:
        raise SecretSealed(" ".join(str(error).split())) from error

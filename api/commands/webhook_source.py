"""Whose events come to a receiver, and what signs them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from api.client import Client
from api.commands import service
from api.commands.webhooks import site
from api.launcher.local_keys import LOCAL_TENANT
from worker.webhooks.signing import is_secret

#: Seconds that an API may take to answer.
_ANSWER_S = 10.0
#: What stands for a key that was given: it is never repeated.
_KEY = "$KERBSIDE_API_KEY"


@dataclass(frozen=True, slots=True)
class Source:
    """An installation that sends events."""

    secret: str = field(repr=False)
    #: Where its API is, if that is known, and what opens it.
    url: str = ""
    token: str = field(default="", repr=False)
    #: A house that it prices.
    house: Mapping[str, Any] | None = None
    is_local: bool = False


def found(secret: str | None, url: str | None, key: str | None) -> Source:
    """Return who sends: by its secret alone, by its API, or the local installation.

    Raises:
        click.UsageError: The secret is none, or there is no key for the API.
        ApiUnreachable: The API does not answer.
        KeyRefused: The key may not read the secret.
        RedisUnreachable: There is no local installation.
        SecretSealed: The local installation's keys do not open the secret.
    """
    if secret:
        if not is_secret(secret.strip()):
            # Without what stands there: it may be a secret, if a damaged one.
            raise click.UsageError(
                "--secret (KERBSIDE_WEBHOOK_SECRET) is none: expected `whsec_` and"
                " standard base64 of 24 to 64 bytes."
            )
        return Source(secret.strip())
    if url or key:
        return _asked(*service.found(url, key))
    return _local()


def _asked(url: str, key: str) -> Source:
    with service.client(url, key, timeout_s=_ANSWER_S) as client, service.told(url):
        return Source(client.webhook_secret(), url, _KEY, _house(client))


def _local() -> Source:
    with site.connected() as kept:
        secret = kept.keyring.default(LOCAL_TENANT)
    url, key = service.found(None, None)
    with service.client(url, key, timeout_s=_ANSWER_S) as client, service.told(url):
        return Source(secret, url, key, _house(client), is_local=True)


def _house(client: Client) -> dict[str, Any]:
    """Return a house that the champion prices."""
    features = client.model()["schema"]["features"]
    return {one["name"]: one["example"] for one in features}

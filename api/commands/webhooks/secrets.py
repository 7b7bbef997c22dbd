"""Secrets are replaced, and sealed anew after a change of the keys that seal them."""

import json

import click

from api.commands import auditing
from api.commands.webhooks.site import as_json, connected, endpoint_id
from api.commands.webhooks.site import tenant as tenant_option
from api.launcher.faults import SecretSealed
from model_store.command_line import Command
from worker.webhooks.sealing import NoSecretKeys, WrongSecretKeys
from worker.webhooks.sealing import new_key as made_key


@click.command("rotate-secret", cls=Command)
@endpoint_id
@tenant_option
@as_json
def rotate_secret(*, endpoint_id: str, tenant: str, as_json: bool) -> None:
    """Replace the secret of the endpoint ID; print the new one, this once.

    The old one signs beside it for 24 hours.

    With --json it prints {"id", "secret"}.
    """
    with connected() as site:
        secret = site.endpoints.rotate_secret(tenant, endpoint_id)
    auditing.keep("rotate_webhook_secret", [endpoint_id])
    record = {"id": endpoint_id, "secret": secret}
    click.echo(json.dumps(record) if as_json else secret)


@click.command("new-key", cls=Command)
@as_json
def new_key(*, as_json: bool) -> None:
    """Print a new key for KERBSIDE_SECRET_KEYS; nothing is changed.

    With --json it prints {"key"}.
    """
    key = made_key()
    click.echo(json.dumps({"key": key}) if as_json else key)


@click.command(cls=Command)
@as_json
def reseal(*, as_json: bool) -> None:
    """Seal all secrets anew with the first key of KERBSIDE_SECRET_KEYS.

    To replace a key: put a new one first and keep the old one after it, in the setting
    or in the file `secret-keys` of the state folder; restart the API and the webhook
    workers; run this; take the old one out.

    With --json it prints {"resealed", "sealed"}: how many owners of secrets were done,
    and those whose secrets no key opens, which stay as they are.
    """
    resealed, sealed = 0, []
    with connected() as site:
        if not site.settings.secret_keys:
            raise NoSecretKeys
        for owner in site.keyring.owners():
            try:
                resealed += bool(site.keyring.reseal(owner))
            except WrongSecretKeys:
                sealed.append(owner)
    auditing.keep("reseal_webhook_secrets", sealed, "failed" if sealed else "done")
    if as_json:
        click.echo(json.dumps({"resealed": resealed, "sealed": sealed}))
    else:
        click.echo(f"The secrets of {resealed} are sealed with the first key.")
    if sealed:
        raise SecretSealed(
            f"No key opens the secrets of {', '.join(sealed)}. Add the key that sealed"
            " them to KERBSIDE_SECRET_KEYS and repeat the command, or rotate them."
        )

"""The keys that seal the webhooks' secrets of an installation on one machine."""

from collections.abc import Sequence
from pathlib import Path

import click
from pydantic import ValidationError

from api.launcher.statefolder import StateFolder
from worker.settings import WorkerSettings
from worker.supervision import secretfile
from worker.webhook_settings import WebhookSettings
from worker.webhooks.sealing import new_key


def known(settings: WorkerSettings) -> Sequence[str]:
    """Return the keys that were set, else those of the state folder, else none.

    Raises:
        click.UsageError: The state folder's file holds no keys.
    """
    return settings.secret_keys or _read(StateFolder(settings.state_dir).secret_keys)


def ensured(settings: WorkerSettings) -> Sequence[str]:
    """Return the keys that are known; where there are none, make one and keep it.

    Raises:
        click.UsageError: The state folder's file holds no keys.
    """
    keys = known(settings)
    if not keys:
        keys = (new_key(),)
        path = StateFolder(settings.state_dir).secret_keys
        secretfile.write(path, f"{keys[0]}\n")
    return keys


def _read(path: Path) -> Sequence[str]:
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return ()
    try:
        found = WebhookSettings.model_validate({"secret_keys": text}).secret_keys
    except ValidationError as error:
        raise click.UsageError(f"{path}: {error.errors()[0]['msg']}.") from None
    if not found:
        # Another key would not open what the lost one has sealed.
        raise click.UsageError(
            f"{path} is empty: bring its keys back, or remove it to have a new one"
            " made, with which no webhook can be signed until its secret is rotated."
        )
    return found

"""Settings of an installation on one machine, as its processes are to get them."""

from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from api.launcher.statefolder import StateFolder
from api.settings import ApiSettings, child_environment
from model_store.errors import StoreError
from model_store.settings import ARCHIVE_FILE, ARCHIVE_URL, SIGNING_KEY_FILE, told
from model_store.storage import signing
from worker.settings import REDIS_URL
from worker.supervision import ports
from worker.webhook_settings import SECRET_KEYS

#: What may be other for the processes than their own environment says.
_NAMED = (
    "state_dir",
    "store_url",
    "data_set",
    "trusted_keys",
    "health_dir",
    "batches_url",
    "public_url",
    "flower_url",
    "webhook_development",
    "retrain",
)
#: What `kerbside up` settles itself and commands beside it need.
_NOTED = {"public_url", "webhook_development"}


def read_settings() -> ApiSettings:
    """Read the settings of this process.

    Raises:
        click.UsageError: A variable holds what it may not.
    """
    try:
        return ApiSettings.from_env()
    except ValidationError as error:
        raise click.UsageError(told(error)) from error


def noted(settings: ApiSettings) -> dict[str, Any]:
    """Return what commands beside an installation have to know of its settings."""
    return settings.model_dump(include=_NOTED)


def as_it_runs(settings: ApiSettings) -> ApiSettings:
    """Return the settings of a command as the `kerbside up` that it is about has them.

    What the command's own environment says stays. Where that names a Redis, it is not
    about what the state folder knows.
    """
    if names_redis(settings):
        return settings
    known = StateFolder(settings.state_dir).known_settings()
    names = _NOTED & known.keys() - settings.model_fields_set
    return settings.model_copy(update={name: known[name] for name in names})


def names_redis(settings: ApiSettings) -> bool:
    """Tell whether the user named a Redis, so that none is to be started."""
    return "redis_url" in settings.model_fields_set


def for_children(
    settings: ApiSettings,
    *,
    state_dir: Path,
    redis_url: str,
    port: int,
    flower_port: int,
) -> ApiSettings:
    """Return settings that hold for processes with another working folder.

    Raises:
        click.UsageError: There is no signing key where it was said to be.
    """
    changes: dict[str, Any] = {"state_dir": state_dir, "redis_url": redis_url}
    changes["archive_url"] = _archive_url(settings, state_dir)
    if settings.store_url and "://" not in settings.store_url:
        changes["store_url"] = str(Path(settings.store_url).absolute())
    if settings.signing_key_file:
        changes["signing_key_file"] = settings.signing_key_file.absolute()
        changes["trusted_keys"] = settings.trusted_keys or (_public_key(settings),)
    if settings.health_dir:
        changes["health_dir"] = settings.health_dir.absolute()
    named = settings.batches_url
    if named is None or "://" not in named:
        folder = Path(named).absolute() if named else state_dir / "batches"
        changes["batches_url"] = str(folder)
    if settings.data_set:
        changes["data_set"] = settings.data_set.absolute()
    if "retrain" not in settings.model_fields_set:
        changes["retrain"] = "monthly"
    if "flower_url" not in settings.model_fields_set:
        changes["flower_url"] = f"http://{ports.LOOPBACK}:{flower_port}"
    if "public_url" not in settings.model_fields_set:
        changes["public_url"] = f"http://{ports.LOOPBACK}:{port}"
    return settings.model_copy(update=changes)


def environment(settings: ApiSettings) -> dict[str, str]:
    """Return the environment of this process with these settings in it.

    Without the private key, since only training signs, without Redis, for who has a
    user there is told of that one alone, without the archive, which not all use, and
    without the keys that seal secrets.
    """
    others = (SIGNING_KEY_FILE, REDIS_URL, ARCHIVE_URL, SECRET_KEYS)
    ours = settings.to_environ(*_NAMED) | dict.fromkeys(others, "")
    # One process a core: threads inside numpy would only get in each other's way.
    return child_environment(OMP_NUM_THREADS="1", PYTHONUNBUFFERED="1", **ours)


def _archive_url(settings: ApiSettings, state_dir: Path) -> str:
    """Return where the archive is, as it holds in another working folder."""
    named = settings.archive_url
    if named and not named.startswith(ARCHIVE_FILE):
        return named
    own = settings.model_copy(update={"state_dir": state_dir}).own_archive()
    file = Path(named.removeprefix(ARCHIVE_FILE)) if named else own
    return f"{ARCHIVE_FILE}{file.absolute()}"


def _public_key(settings: ApiSettings) -> str:
    try:
        return signing.own_key(settings).public
    except StoreError as error:
        raise click.UsageError(f"{SIGNING_KEY_FILE}: {error}") from error

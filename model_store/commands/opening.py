"""What a command finds its settings and its store by."""

import click
from pydantic import ValidationError

from model_store.settings import PREFIX, ModelSettings
from model_store.store import ModelStore


def settings(url: str | None) -> ModelSettings:
    """Return the settings of this process, with the store at `url` if one is given.

    They name the archive of the state folder where they name none and it is there.

    Raises:
        click.UsageError: A variable is not what its setting expects.
    """
    try:
        found = ModelSettings.from_env()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise click.UsageError(f"{name}: {first['msg']}") from error
    changes = {"archive_url": found.archive_for_commands()}
    if url:
        changes["store_url"] = url
    return found.model_copy(update=changes)


def store(url: str | None) -> ModelStore:
    """Return the store at `url`, by default that of the settings."""
    return ModelStore.from_settings(settings(url))

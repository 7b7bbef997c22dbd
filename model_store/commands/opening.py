"""What a command finds its settings and its store by."""

from typing import TYPE_CHECKING

import click
from pydantic import ValidationError

from model_store.errors import ArchiveError
from model_store.settings import ModelSettings, told
from model_store.store import ModelStore

if TYPE_CHECKING:
    from model_store.archive.archive import Archive


def settings(url: str | None) -> ModelSettings:
    """Return the settings of this process, with the store at `url` if one is given.

    They name the archive of the state folder where they name none and it is there.

    Raises:
        click.UsageError: A variable is not what its setting expects.
    """
    try:
        found = ModelSettings.from_env()
    except ValidationError as error:
        raise click.UsageError(told(error)) from error
    changes = {"archive_url": found.archive_for_commands()}
    if url:
        changes["store_url"] = url
    return found.model_copy(update=changes)


def archive(url: str | None) -> "Archive":
    """Return the archive of the settings.

    Raises:
        ArchiveError: There is none.
    """
    # Other commands need no database, and none pays for loading it.
    from model_store.archive.archive import Archive  # noqa: PLC0415

    found = Archive.of(settings(url))
    if found is None:
        raise ArchiveError(
            "there is no archive: set KERBSIDE_ARCHIVE_URL, for instance to "
            "sqlite:////var/lib/kerbside/archive.db"
        )
    return found


def store(url: str | None) -> ModelStore:
    """Return the store at `url`, by default that of the settings."""
    return ModelStore.from_settings(settings(url))

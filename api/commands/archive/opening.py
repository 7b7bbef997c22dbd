"""The archive that a command is about."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from api.launcher import installation
from api.launcher.faults import ArchiveUnusable
from model_store.errors import ArchiveError

if TYPE_CHECKING:
    from model_store.archive.archive import Archive


@contextlib.contextmanager
def opened() -> Iterator["Archive"]:
    """Give the archive that the settings name, else that of the state folder.

    Raises:
        ArchiveUnusable: There is none, or it fails the block.
    """
    # It takes longer to load than all other commands together.
    from model_store.archive.archive import Archive  # noqa: PLC0415

    settings = installation.read_settings()
    url = settings.archive_for_commands()
    if url is None:
        raise ArchiveUnusable(
            "No archive: KERBSIDE_ARCHIVE_URL names none, and no `kerbside up` has "
            f"made {settings.own_archive()}."
        )
    try:
        with contextlib.closing(Archive(url)) as archive:
            yield archive
    except ArchiveError as error:
        text = str(error)
        raise ArchiveUnusable(f"{text[0].upper()}{text[1:]}.") from error

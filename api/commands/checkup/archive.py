"""Whether the archive can be used."""

import contextlib
from collections.abc import Iterator

from api.commands.checkup.finding import Finding, Status, Target
from model_store.errors import ArchiveError, ArchiveNotMigrated


def check(target: Target) -> Iterator[Finding]:
    """Ask the archive for its tables, where there is one."""
    # Other commands do not pay for loading it.
    from model_store.archive.archive import Archive  # noqa: PLC0415

    url = target.settings.archive_for_commands()
    if url is None:
        return
    try:
        with contextlib.closing(Archive(url)) as archive:
            archive.check()
            found = f"{archive.database.place} answers and has the tables expected"
    except ArchiveNotMigrated as error:
        yield _unusable(error, "Run `kerbside archive migrate`.")
    except ArchiveError as error:
        remedy = "Mend what it says. Until then jobs go on, and stay in Redis."
        yield _unusable(error, remedy)
    else:
        yield Finding(check="archive", found=found)


def _unusable(error: ArchiveError, remedy: str) -> Finding:
    return Finding(
        check="archive",
        status=Status.FAILED,
        found=str(error),
        expected="a database that answers, with the tables of this release",
        remedy=remedy,
    )

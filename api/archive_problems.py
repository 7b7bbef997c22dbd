"""What can go wrong around the archive, as a client is told; part of `errors`.

ServiceError
 +-- Unavailable
      +-- ArchiveAway, ArchiveSlow, NoArchive                               503
"""

from api.errors import Unavailable


class ArchiveAway(Unavailable):
    """The archive does not answer; nothing was written to it, repeat it later."""

    slug = "archive-unavailable"
    title = "Archive not available"


class ArchiveSlow(Unavailable):
    """The archive took too long over this; ask for less, or repeat it later."""

    slug = "archive-too-slow"
    title = "Archive too slow"


class NoArchive(Unavailable):
    """This service keeps no archive; its operator sets `KERBSIDE_ARCHIVE_URL`."""

    slug = "no-archive"
    title = "No archive"

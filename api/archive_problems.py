"""What can go wrong around the archive, as a client is told; part of `errors`.

ServiceError
 +-- Unavailable
      +-- ArchiveAway                                                       503
"""

from api.errors import Unavailable


class ArchiveAway(Unavailable):
    """The archive, where this prediction may be, does not answer; repeat it later."""

    slug = "archive-unavailable"
    title = "Archive not available"

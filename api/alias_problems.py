"""What can go wrong around aliases, as a client is told; part of the tree of `errors`.

ServiceError
 +-- NoChallenger                                                           404
 +-- NoPrevious                                                             409
 +-- IfMatchMissing                                                         428
"""

from api.errors import ServiceError


class NoChallenger(ServiceError):
    """There is no challenger, so there is nothing to compare with the champion."""

    status = 404
    slug = "no-challenger"
    title = "No challenger"


class NoPrevious(ServiceError):
    """There is no previous champion to go back to; promote a version by its id."""

    status = 409
    slug = "no-previous-champion"
    title = "Nothing to go back to"


class IfMatchMissing(ServiceError):
    """Send the ETag of `GET /v1/models/aliases` in If-Match, or nothing is changed."""

    status = 428
    slug = "if-match-missing"
    title = "If-Match is missing"

"""Whether Redis's users have the rights of this release."""

from collections.abc import Iterator

import redis
from redis.exceptions import NoPermissionError, ResponseError

from api.commands.checkup.finding import Finding, Status
from worker.keys import ARCHIVISTS, BATCHES, FEED


def check(client: redis.Redis) -> Iterator[Finding]:
    """Try what the newest of the rights allows, of those that change nothing.

    Args:
        client: A client with the operator's rights.
    """
    try:
        client.xinfo_consumers(FEED, ARCHIVISTS)
    except NoPermissionError:
        yield _outdated(
            "look at who reads the feed of the archive",
            "nothing is archived until then, and finished jobs end by themselves",
        )
        return
    except ResponseError:
        # Nothing is archived, so that there is no feed.
        pass
    try:
        # No message is so short.
        client.lrem(BATCHES, 1, "")
    except NoPermissionError:
        yield _outdated(f"use lane {BATCHES}", "no batch is taken until then")


def _outdated(what: str, meanwhile: str) -> Finding:
    return Finding(
        check="redis rights",
        status=Status.FAILED,
        found=f"this user may not {what}: the server's users are of an older release",
        expected="users with the rights of this release",
        remedy="Write them anew by `kerbside redis acl`, and have the server read "
        f"them: ACL LOAD. With users as old as these {meanwhile}.",
    )

"""Whether Redis's users have the rights of this release."""

from collections.abc import Iterator

import redis
from redis.exceptions import NoPermissionError, ResponseError

from api.commands.checkup.finding import Finding, Status
from worker.keys import ARCHIVISTS, FEED


def check(client: redis.Redis) -> Iterator[Finding]:
    """Try what the newest of the rights allows, of those that change nothing.

    Args:
        client: A client with the operator's rights.
    """
    try:
        client.xinfo_consumers(FEED, ARCHIVISTS)
    except NoPermissionError:
        yield Finding(
            check="redis rights",
            status=Status.FAILED,
            found="this user may not look at who reads the feed of the archive: the "
            "server's users are of an older release",
            expected="users with the rights of this release",
            remedy="Write them anew by `kerbside redis acl`, and have the server read "
            "them: ACL LOAD. With users older than the archive nothing is archived "
            "until then, and finished jobs end by themselves.",
        )
    except ResponseError:
        # Nothing is archived, so that there is no feed.
        return

"""Whether a Redis asks who is there."""

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import redis

from api.commands import redis_access
from api.commands.checkup.finding import Finding, Status, Target
from worker.connection import connect


def check(target: Target, where: str) -> Iterator[Finding]:
    """Knock at the server without a name.

    Args:
        target: Whose Redis it is.
        where: Its address, without a password.
    """
    parts = urlsplit(redis_access.address(target.settings) or "")
    nameless = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    with contextlib.closing(connect(nameless, role="operator")) as client:
        try:
            client.ping()
        except (redis.ResponseError, redis.AuthenticationError):
            yield Finding(check="redis login", found="who names no user stays outside")
            return
    yield Finding(
        check="redis login",
        status=Status.WARNING,
        found=f"{where} lets in who names no user: whoever reaches it is master of all",
        expected="users with passwords, and the user default off",
        remedy="`kerbside redis acl` writes them; docs/howto/own-redis.md says how the"
        " server reads them.",
    )

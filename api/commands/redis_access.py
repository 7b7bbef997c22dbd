"""The Redis of the installation that a command of its operator is about."""

import contextlib
from collections.abc import Iterator

import redis

from api.commands import absence
from api.launcher import installation
from api.launcher.faults import RedisUnreachable
from api.launcher.statefolder import StateFolder
from api.settings import ApiSettings
from worker import redis_acl
from worker.connection import connect
from worker.supervision import embedded


def address(settings: ApiSettings) -> str | None:
    """Return its address, password included; None where nothing was started yet.

    It is the one that was named, else that of the `kerbside up` of the state folder.
    """
    if installation.names_redis(settings):
        return settings.redis_url
    return embedded.known_url(settings.state_dir / "redis", user=redis_acl.OPERATOR)


@contextlib.contextmanager
def connected(settings: ApiSettings) -> Iterator[redis.Redis]:
    """Return a client of it while the block runs.

    Raises:
        RedisUnreachable: There is none, or it fails the block.
    """
    url = address(settings)
    if url is None:
        state = StateFolder(settings.state_dir)
        raise RedisUnreachable(absence.told(state, absence.NO_REDIS))
    try:
        with contextlib.closing(connect(url, role="operator")) as client:
            yield client
    except (redis.RedisError, ValueError) as error:
        raise RedisUnreachable(
            f"Redis does not answer: {str(error).rstrip('.')}."
            " Is `kerbside up` running? `kerbside doctor` looks closer."
        ) from error

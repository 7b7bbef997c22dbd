"""Redis clients whose time limits fit who uses them."""

from typing import Literal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

Role = Literal["api", "worker", "listener"]

#: Seconds to connect and to wait for one answer. A request must know within a second
#: that Redis is away; a worker rather waits than loses the answer to a claim; a
#: listener waits for its next message as long as it takes.
_TIMEOUTS: dict[Role, tuple[float, float | None]] = {
    "api": (0.3, 0.6),
    "worker": (2.0, 5.0),
    "listener": (2.0, None),
}


def connect(url: str, *, role: Role) -> redis.Redis:
    """Return a client of the Redis at `url`; nothing is sent yet.

    No role retries inside the client: a request answers 503 and its client repeats it,
    a worker's own loop repeats what is safe to repeat.
    """
    connect_s, answer_s = _TIMEOUTS[role]
    return redis.Redis.from_url(
        url,
        socket_keepalive=True,
        socket_connect_timeout=connect_s,
        socket_timeout=answer_s,
        retry=Retry(NoBackoff(), 0),
        client_name=f"kerbside-{role}",
        driver_info=None,
    )


def database(client: redis.Redis) -> int:
    """Return the number of the database that a client talks to."""
    return int(client.get_connection_kwargs().get("db") or 0)

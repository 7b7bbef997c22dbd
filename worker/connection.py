"""Redis clients whose time limits fit who uses them, and which cost little."""

import collections
import os
import re
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel

from worker.redis_address import Sentinels

Role = Literal["api", "worker", "listener", "operator"]

#: Seconds to connect and to wait for one answer. A request must know within a second
#: that Redis is away; a worker rather waits than loses the answer to a claim; a
#: listener waits for its next message as long as it takes; an operator who looks for
#: a fault wants to know it before a look at the whole is over.
_TIMEOUTS: dict[Role, tuple[float, float | None]] = {
    "api": (0.3, 0.6),
    "worker": (2.0, 5.0),
    "listener": (2.0, None),
    "operator": (1.0, 2.0),
}


#: Connections of a client that are kept at hand; a burst's others go back to the pool.
_KEPT = 16
#: Connections of a client, at most: more than threads of a process ever need at once.
_MOST = 4096
#: Keys that Redis looks at in one step of a look at all.
_SCANNED = 1000
#: A connection that lies idle is felt for after half a minute, so that no firewall on
#: the way forgets it; Linux's default is two hours.
_KEEPALIVE = {
    getattr(socket, name): seconds
    for name, seconds in (
        ("TCP_KEEPIDLE", 30),
        ("TCP_KEEPINTVL", 10),
        ("TCP_KEEPCNT", 3),
    )
    if hasattr(socket, name)
}
#: What a server answers whose place as the primary another may have taken: who asks
#: anew, by name or by sentinels, finds that one.
_REPLACED = re.compile(r"\b(READONLY|NOREPLICAS)\b")
#: Those to which redis-py gives a class and takes the code away.
_REPLACED_CLASSES = (redis.exceptions.ReadOnlyError, redis.exceptions.MasterDownError)


class Client(redis.Redis):
    """redis-py's client without what it does around each command.

    Its pool, retries and telemetry cost 40 of the 110 us of CPU of a command. This one
    keeps the connections that it has used and goes to the pool for all others; what
    is not a plain command, such as a pipeline or a subscription, does so too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Appended and popped at one end: the fewest connections serve.
        self._kept: collections.deque[Any] = collections.deque()
        super().__init__(*args, **kwargs)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command and return its answer; nothing is ever sent twice.

        Raises:
            redis.RedisError: Redis cannot be reached, or refuses the command.
        """
        connection = self._connection()
        try:
            connection.send_command(*args, **options)
            answer = self.parse_response(connection, args[0], **options)  # type: ignore[no-untyped-call] # redis-py's own
        except redis.ResponseError as error:
            if isinstance(error, _REPLACED_CLASSES) or _REPLACED.search(str(error)):
                connection.disconnect()
                self.connection_pool.release(connection)
            else:
                self._keep(connection)
            raise
        except BaseException:
            # Half an answer may lie in it.
            connection.disconnect()
            self.connection_pool.release(connection)
            raise
        self._keep(connection)
        return answer

    def close(self) -> None:
        """Close all connections that no thread uses."""
        while kept := getattr(self, "_kept", None):
            self.connection_pool.release(kept.pop())
        super().close()

    def _keep(self, connection: Any) -> None:
        if len(self._kept) < _KEPT:
            self._kept.append(connection)
        else:
            self.connection_pool.release(connection)

    def _connection(self) -> Any:
        try:
            connection = self._kept.pop()
        except IndexError:
            return self.connection_pool.get_connection()
        if connection.pid == os.getpid() and _is_quiet(connection):
            return connection
        # The pool connects it anew where the server closed it.
        self.connection_pool.release(connection)
        return self.connection_pool.get_connection()


def _is_quiet(connection: Any) -> bool:
    """Tell whether nothing is left to read, not even that the server has gone."""
    try:
        return not connection.can_read()
    except (redis.RedisError, OSError):
        return False


def connect(url: str, *, role: Role) -> redis.Redis:
    """Return a client of the Redis at `url`; nothing is sent yet.

    No role retries inside the client: a request answers 503 and its client repeats it,
    a worker's own loop repeats what is safe to repeat.
    """
    connect_s, answer_s = _TIMEOUTS[role]
    options: dict[str, Any] = {
        "socket_keepalive": True,
        "socket_keepalive_options": _KEEPALIVE,
        "socket_connect_timeout": connect_s,
        "socket_timeout": answer_s,
        "retry": Retry(NoBackoff(), 0),
        "client_name": f"kerbside-{role}",
        "driver_info": None,
    }
    if sentinels := Sentinels.of(url):
        return _client_of_primary(sentinels, options)
    return Client.from_url(url, max_connections=_MOST, **options)


class _Asked(Sentinel):
    """Sentinels whose silence is told in few words; redis-py shows its innards."""

    def discover_master(self, service_name: str) -> Any:
        """Return host and port of the primary.

        Raises:
            redis.ConnectionError: None of the sentinels tells them.
        """
        try:
            return super().discover_master(service_name)  # type: ignore[no-untyped-call] # redis-py's own
        except MasterNotFoundError:
            message = f"no sentinel that answers knows a primary of {service_name!r}"
            raise MasterNotFoundError(message) from None


def _client_of_primary(sentinels: Sentinels, options: Mapping[str, Any]) -> redis.Redis:
    """Return a client that asks the sentinels for the primary at each connection."""
    # A sentinel that is frozen costs no more than one that cannot be reached.
    patience = {"socket_timeout": options["socket_connect_timeout"]}
    # redis-py gives the functions of its sentinels no types.
    asked = _Asked(  # type: ignore[no-untyped-call]
        sentinels.places,
        sentinel_kwargs={**options, **patience, **sentinels.own_login, **sentinels.tls},
    )
    client: redis.Redis = asked.master_for(  # type: ignore[no-untyped-call]
        sentinels.master,
        redis_class=Client,
        db=sentinels.database,
        max_connections=_MOST,
        **{**options, **sentinels.login, **sentinels.tls},
    )
    return client


def database(client: redis.Redis) -> int:
    """Return the number of the database that a client talks to."""
    return int(client.get_connection_kwargs().get("db") or 0)


def clock_ms(answer: Any) -> int:
    """Return what Redis answered to TIME, in ms since the epoch."""
    seconds, micros = answer
    return int(seconds * 1000 + micros // 1000)


def names(client: redis.Redis, prefix: str) -> Sequence[str]:
    """Return what follows a prefix in the names of keys, in order; looks at all keys.

    Raises:
        redis.RedisError: Redis cannot be asked.
    """
    found: Any = client.scan_iter(match=f"{prefix}*", count=_SCANNED)
    return sorted({key.decode().removeprefix(prefix) for key in found})

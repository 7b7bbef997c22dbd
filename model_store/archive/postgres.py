"""Connections to PostgreSQL that wait for an answer for so long, and no longer."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus

#: Seconds until a connection must have come.
CONNECT_S = 5
#: Seconds by which the server is given up later than it should have given up itself.
GRACE_S = 2.0
#: Seconds between two looks whether somebody wants to interrupt it, as is usual.
_LOOK_EVERY_S = 0.1


class Connection(psycopg.Connection[Any]):
    """Gives up a server that says nothing, such as one that is stopped.

    The time limit of a statement is kept by the server, and TCP is answered by its
    operating system: neither helps when its processes stand still.
    """

    #: Seconds until an answer must have come; None: any time.
    limit_s: float | None = None

    def wait(
        self,
        gen: PQGen[RV],
        interval: float = _LOOK_EVERY_S,
        timeout: float | None = None,
    ) -> RV:
        """Wait for what the server answers.

        Raises:
            psycopg.OperationalError: It has not answered; the connection is closed.
        """
        try:
            return super().wait(gen, interval, timeout or self.limit_s)
        except psycopg.OperationalError:
            if self.info.transaction_status != TransactionStatus.ACTIVE:
                raise
            # In the midst of an answer nobody can use it any more.
            self.close()
            raise psycopg.OperationalError(
                f"the server has said nothing for {self.limit_s:g} s"
            ) from None

    @contextlib.contextmanager
    def unhurried(self) -> Iterator[None]:
        """Let statements of the block take any time."""
        before, self.limit_s = self.limit_s, None
        try:
            self.execute("SET LOCAL statement_timeout = 0")
            yield
        finally:
            self.limit_s = before


def connect(*args: Any, limit_s: float, **named: Any) -> Connection:
    """Return a connection whose statements are bounded by both ends.

    Args:
        args: As `psycopg.connect` takes them.
        limit_s: Seconds that a statement may take.
        named: As `psycopg.connect` takes them.
    """
    options = f"{named.pop('options', '')} -c statement_timeout={limit_s * 1000:.0f}"
    named = {"connect_timeout": CONNECT_S} | named
    connection = Connection.connect(*args, **named, options=options)
    connection.limit_s = limit_s + GRACE_S
    return connection

"""Names to addresses, in bounded time and by a bounded number of threads."""

import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, ip_address

#: An address of either kind.
Address = IPv4Address | IPv6Address

#: Seconds that a look-up may take; the system's resolver itself waits 10 and more.
LOOKUP_S = 3.0
#: Names that are looked up at a time. One that hangs holds a thread until the system's
#: resolver gives up.
_MOST = 64


class NameNotFound(OSError):
    """A name has no address, or none that came in time."""


class Lookups:
    """Looks names up on threads of its own; who asks waits for so long and no longer.

    Nobody can end a look-up that hangs. So there are only so many at a time, and one
    name is looked up once however many ask for it. The threads are no executor's:
    Python would wait for them before the process may end.

    Args:
        most: Names that are looked up at a time.
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._under_way: dict[str, Future[Sequence[Address]]] = {}
        self._changed = threading.Condition()

    def resolve(self, host: str, *, timeout_s: float = LOOKUP_S) -> Sequence[Address]:
        """Return the addresses of a name, in the order to try them.

        Args:
            host: A name, or an address, which is its own answer.
            timeout_s: Seconds to wait, at most.

        Raises:
            NameNotFound: It has none, or the answer does not come in time.
        """
        end = time.monotonic() + timeout_s
        with self._changed:
            while host not in self._under_way and len(self._under_way) >= self._most:
                if not self._changed.wait(end - time.monotonic()):
                    raise NameNotFound("too many other names are being looked up")
            answer = self._under_way.get(host) or self._begin(host)
        try:
            return answer.result(end - time.monotonic())
        except TimeoutError:
            raise NameNotFound(
                f"no name server answered within {timeout_s:g} s"
            ) from None

    def _begin(self, host: str) -> Future[Sequence[Address]]:
        answer: Future[Sequence[Address]] = Future()
        threading.Thread(
            target=self._look_up, args=(host, answer), name="look-up", daemon=True
        ).start()
        self._under_way[host] = answer
        return answer

    def _look_up(self, host: str, answer: Future[Sequence[Address]]) -> None:
        try:
            rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found = [ip_address(row[4][0]) for row in rows]
        except (OSError, UnicodeError) as error:
            # The resolver's own words; a UnicodeError's would quote the name again.
            why = error.strerror if isinstance(error, OSError) else "no host name"
            answer.set_exception(NameNotFound(why or "it cannot be looked up"))
        except BaseException as error:  # noqa: BLE001 - it is for who asked
            answer.set_exception(error)
        else:
            answer.set_result(found)
        finally:
            with self._changed:
                del self._under_way[host]
                self._changed.notify_all()


#: What the processes of an installation look names up with.
LOOKUPS = Lookups()

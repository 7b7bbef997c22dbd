"""The connection of one attempt: to checked addresses only, bounded in time and bytes.

Nothing here is followed or read from the environment: no redirect, proxy, cookie or
`.netrc`. The address is checked where the socket is made, so that whatever a URL, its
parsers or its name servers say, what is connected to is what was checked.
"""

import logging
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import IPv6Address
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import filter_host
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import parse_url

from worker.webhook_settings import WebhookSettings
from worker.webhooks import addresses
from worker.webhooks.lookup import LOOKUP_S, LOOKUPS, Address

# At DEBUG it tells path and query of each request: whoever knows them may be let in.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

#: Bytes of a response that are read, its headers counted; then the line is closed.
RESPONSE_BYTES = 65_536


class TooLarge(OSError):
    """A response holds more than is read."""


class Budget:
    """What is left to one attempt.

    Args:
        settings: Seconds and addresses that are allowed.
    """

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._deadline = time.monotonic() + settings.webhook_timeout_s
        #: Bytes that may still be read.
        self.bytes_left = RESPONSE_BYTES
        #: Whether a receiver has accepted the connection.
        self.connected = False

    @property
    def is_over(self) -> bool:
        """Tell whether the time is up."""
        return time.monotonic() >= self._deadline

    def seconds(self) -> float:
        """Return the seconds left, more than none.

        Raises:
            TimeoutError: The time is up.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the attempt's time is up")
        return left

    def reach(self, host: str, port: int) -> "Line":
        """Return a connection to one of a host's addresses, all of them checked.

        Raises:
            RefusedAddress: One of them is not for webhooks.
            OSError: There is none (NameNotFound), or none accepts.
        """
        settings = self._settings
        look_up = partial(LOOKUPS.resolve, timeout_s=min(LOOKUP_S, self.seconds()))
        found = _first_of_each_kind(
            addresses.addresses_of(host, settings, resolve=look_up)
        )
        end = time.monotonic() + min(settings.webhook_connect_s, self.seconds())
        for still, address in zip(range(len(found), 0, -1), found, strict=True):
            if addresses.is_public(address):
                # A second opinion, of people who watch such ranges.
                filter_host(str(address), port, allow_loopback=False)
            share = max((end - time.monotonic()) / still, 0.001)
            try:
                line = dial(address, port, share)
            except OSError:
                if still == 1:
                    raise
            else:
                line.budget = self
                line.settimeout(self.seconds())
                self.connected = True
                return line
        raise AssertionError("a host without addresses is not found")


class Line(socket.socket):
    """A socket whose every wait ends with its attempt's time."""

    budget: Budget

    def recv_into(self, buffer: Any, *_: Any) -> int:
        """Read what has come, within the budget."""
        return _receive(self, super().recv_into, buffer)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send everything, within the time left."""
        self.settimeout(self.budget.seconds())
        super().sendall(data, flags)


class SecureLine(ssl.SSLSocket):
    """The same with TLS; it shakes hands within the time that its socket had left."""

    budget: Budget

    def recv_into(self, buffer: Any, *_: Any) -> int:
        """Read what has come, within the budget."""
        return _receive(self, super().recv_into, buffer)

    def send(self, data: Any, flags: int = 0) -> int:
        """Send a part, within the time left."""
        self.settimeout(self.budget.seconds())
        return super().send(data, flags)


def tls() -> ssl.SSLContext:
    """Return what verifies receivers: the system's authorities and Mozilla's."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = SecureLine
    return context


def session(budget: Budget, context: ssl.SSLContext, user_agent: str) -> HTTPSession:
    """Return a session for one request: nothing of another attempt is in it."""
    made = _Session(
        Config(
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=(budget.seconds(), budget.seconds()),
            user_agent_override=user_agent,
        )
    )
    made.trust_env = False
    made.headers.clear()
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Adapter(budget, context))
    return made


def dial(address: Address, port: int, timeout_s: float) -> Line:
    """Connect to an address.

    Raises:
        OSError: It does not accept in time.
    """
    is_v6 = isinstance(address, IPv6Address)
    line = Line(socket.AF_INET6 if is_v6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        line.settimeout(timeout_s)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.connect((str(address), port))
    except BaseException:
        line.close()
        raise
    return line


def _first_of_each_kind(found: Sequence[Address]) -> Sequence[Address]:
    """Return at most two addresses to try: IPv6 is often there and leads nowhere."""
    firsts = {address.version: address for address in reversed(found)}
    return sorted(firsts.values(), key=found.index)


def _receive(
    line: "Line | SecureLine", receive: Callable[[memoryview], int], buffer: Any
) -> int:
    budget = line.budget
    if not budget.bytes_left:
        raise TooLarge
    line.settimeout(budget.seconds())
    count = receive(memoryview(buffer)[: budget.bytes_left])
    budget.bytes_left -= count
    return count


class _Session(HTTPSession):  # type: ignore[misc] # it ships no types
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        # Asked to follow none, requests would still read, and inflate, a redirect's
        # whole body.
        return None


class _Adapter(HTTPAdapter):
    """Makes its one connection by the budget of its attempt."""

    def __init__(self, budget: Budget, context: ssl.SSLContext) -> None:
        self._budget = budget
        self._context = context
        super().__init__()

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,  # noqa: ARG002 - the context always verifies
        proxies: Any = None,  # noqa: ARG002 - there are none
        cert: Any = None,  # noqa: ARG002 - receivers know us by the signature
    ) -> HTTPConnectionPool:
        url = parse_url(request.url or "")
        host = url.host or ""
        pool: HTTPConnectionPool
        kind: type[_Connection | _SecureConnection]
        if url.scheme == "https":
            pool = HTTPSConnectionPool(host, url.port, ssl_context=self._context)
            kind = _SecureConnection
        else:
            pool = HTTPConnectionPool(host, url.port)
            kind = _Connection
        pool.ConnectionCls = partial(kind, budget=self._budget)  # type: ignore[assignment] # called, never looked at
        return pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        # The context has the authorities: requests would load them each time.
        pass


class _Connection(HTTPConnection):
    def __init__(self, *args: Any, budget: Budget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._budget = budget

    def _new_conn(self) -> socket.socket:
        return self._budget.reach(self._dns_host, self.port)


class _SecureConnection(HTTPSConnection):
    def __init__(self, *args: Any, budget: Budget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._budget = budget

    def _new_conn(self) -> socket.socket:
        return self._budget.reach(self._dns_host, self.port)

    def connect(self) -> None:
        super().connect()
        assert isinstance(self.sock, SecureLine)  # noqa: S101 - as `tls` asks for
        self.sock.budget = self._budget

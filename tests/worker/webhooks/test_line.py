"""No receiver holds an attempt longer, or makes it read more, than it may."""

import gzip
import socket
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.worker.webhooks import certificates, receivers
from tests.worker.webhooks.conftest import Names
from worker.webhook_settings import WebhookSettings
from worker.webhooks import line
from worker.webhooks.lookup import LOOKUP_S, Address
from worker.webhooks.sender import Attempt, Sender

#: Milliseconds within which half a second must have ended, on a busy machine.
PROMPT_MS = 10_000
OK = b"HTTP/1.1 200 OK\r\n"
PUBLIC = ip_address("93.184.216.34")
PUBLIC_V6 = ip_address("2606:2800:220:1:248:1893:25c8:1946")

_dial = line.dial


def send(behave: receivers.Behaviour, settings: WebhookSettings) -> Attempt:
    """Send to a receiver that behaves like this."""
    with receivers.receiving(behave) as receiver:
        return Sender(settings).send(receiver.url, b"{}", {})


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(receivers.silent, id="silent"),
        pytest.param(receivers.dripping(b"", b"H"), id="before the status line"),
        pytest.param(receivers.dripping(b"HTTP/1.1 2", b"0"), id="status line"),
        pytest.param(receivers.dripping(OK + b"a: ", b"b"), id="header"),
        pytest.param(receivers.dripping(OK, b"a: b\r\n"), id="headers"),
        pytest.param(
            receivers.dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="continue"
        ),
    ],
)
def test_an_attempt_ends_in_time_however_the_receiver_drips(
    behave: receivers.Behaviour, development: WebhookSettings
) -> None:
    """The time is the whole attempt's, not that of one read."""
    attempt = send(behave, development)

    assert attempt.status is None
    assert attempt.error == "timeout: the receiver did not answer in time"
    assert 500 <= attempt.duration_ms < PROMPT_MS


def test_an_attempt_ends_in_time_when_the_receiver_reads_nothing(
    development: WebhookSettings,
) -> None:
    """More than the buffers hold stays unsent."""
    with receivers.receiving(receivers.deaf) as receiver:
        attempt = Sender(development).send(receiver.url, bytes(32 << 20), {})

    assert (attempt.error or "").startswith("timeout: ")
    assert attempt.duration_ms < PROMPT_MS


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(receivers.deaf, id="silent"),
        pytest.param(
            # A handshake record of 16 kB that comes byte by byte.
            receivers.dripping(b"\x16\x03\x03\x40\x00\x02", b"\x00", reads=False),
            id="dripping",
        ),
    ],
)
def test_an_attempt_ends_in_time_however_the_receiver_shakes_hands(
    behave: receivers.Behaviour, development: WebhookSettings
) -> None:
    """TLS gets no time of its own."""
    with receivers.receiving(behave) as receiver:
        url = receiver.url.replace("http:", "https:")
        attempt = Sender(development).send(url, b"{}", {})

    assert (attempt.error or "").startswith("timeout: ")
    assert 500 <= attempt.duration_ms < PROMPT_MS


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(OK + b"Content-Length: 9999\r\n\r\nthanks", id="length"),
        pytest.param(OK + b"\r\nthanks", id="until closed"),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\n6\r\nthanks\r\n6", id="chunked"
        ),
    ],
)
def test_a_body_that_drips_takes_nothing_from_the_status(
    start: bytes, development: WebhookSettings
) -> None:
    """The receiver has answered; the attempt ends in time all the same."""
    attempt = send(receivers.dripping(start, b"0"), development)

    assert (attempt.succeeded, attempt.error) == (True, None)
    assert attempt.excerpt.startswith("thanks")
    assert attempt.duration_ms < PROMPT_MS


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(OK + b"Content-Length: 1000000000\r\n\r\n", id="length"),
        pytest.param(OK + b"\r\n", id="until closed"),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", id="chunked"
        ),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Encoding: gzip\r\n\r\n",
            id="redirect",
        ),
    ],
)
def test_an_endless_body_is_read_to_64_kib_and_its_status_counts(
    start: bytes, patient: WebhookSettings, read: list[int]
) -> None:
    """What is beyond is neither read nor kept."""
    attempt = send(receivers.flooding(start, b"x" * 16_384), patient)

    assert attempt.status == int(start[9:12])
    assert attempt.excerpt == "x" * 1024
    assert sum(read) == line.RESPONSE_BYTES


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of everything that is read from receivers."""
    sizes: list[int] = []
    real = line._receive  # noqa: SLF001 - all reading passes it

    def counted(*args: object) -> int:
        sizes.append(real(*args))  # type: ignore[arg-type] # as they came
        return sizes[-1]

    monkeypatch.setattr(line, "_receive", counted)
    return sizes


@pytest.mark.parametrize(
    ("start", "flood", "word"),
    [
        pytest.param(OK, b"a: b\r\n", "bad_response", id="many headers"),
        pytest.param(OK + b"a: ", b"b" * 999, "response_too_large", id="long header"),
        pytest.param(b"HTTP/1.1 200 ", b"z" * 99, "response_too_large", id="status"),
        pytest.param(
            b"",
            b"HTTP/1.1 100 Continue\r\n\r\n" * 99,
            "response_too_large",
            id="continue",
        ),
    ],
)
def test_headers_without_end_are_no_answer(
    start: bytes, flood: bytes, word: str, patient: WebhookSettings, read: list[int]
) -> None:
    """Headers count towards the 64 KiB and can use up no memory."""
    attempt = send(receivers.flooding(start, flood), patient)

    assert (attempt.error or "").startswith(f"{word}: the receiver's ")
    assert sum(read) <= line.RESPONSE_BYTES


def test_what_is_packed_is_not_unpacked(
    patient: WebhookSettings, read: list[int]
) -> None:
    """A gzip bomb stays as small as it came."""
    bomb = gzip.compress(bytes(20 << 20))
    behave = receivers.answering("200 OK", bomb, "Content-Encoding: gzip")

    attempt = send(behave, patient)

    assert attempt.succeeded
    assert len(attempt.excerpt) <= 1024
    assert sum(read) <= len(bomb) + 200


def test_a_name_that_hangs_ends_with_the_attempt(
    development: WebhookSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name servers get no time of their own."""
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(20) or [])

    attempt = Sender(development).send("https://hangs.example/", b"{}", {})
    ended.set()

    assert (attempt.error or "").startswith(("dns: ", "timeout: "))
    assert attempt.duration_ms < LOOKUP_S * 1000


def test_a_receiver_that_does_not_accept_gets_the_time_for_connecting_only(
    monkeypatch: pytest.MonkeyPatch, names: Names
) -> None:
    """The first address of each kind share it; the attempt has more and keeps it."""
    names["hooks.example"] = [[str(PUBLIC), str(PUBLIC_V6), "1.1.1.1"]]
    shares: list[float] = []

    def dial(address: Address, port: int, timeout_s: float) -> line.Line:
        shares.append(timeout_s)
        raise TimeoutError

    monkeypatch.setattr(line, "dial", dial)

    attempt = Sender(WebhookSettings()).send("https://hooks.example/", b"{}", {})

    assert shares == pytest.approx([1.5, 3.0], abs=0.2)
    assert attempt.error == (
        "timeout: the receiver did not accept the connection in time"
    )


@pytest.fixture
def authority(tmp_path: Path) -> certificates.Authority:
    """Return an authority that nobody trusts yet."""
    return certificates.Authority(tmp_path)


@pytest.fixture
def public(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> Callable[[receivers.Receiver], list[Address]]:
    """Return a function that puts a receiver at a public address of hooks.example."""

    def place(receiver: receivers.Receiver) -> list[Address]:
        dialled: list[Address] = []

        def dial(address: Address, port: int, timeout_s: float) -> line.Line:
            dialled.append(address)
            if address == PUBLIC_V6:
                raise OSError("no IPv6 here")
            return _dial(ip_address("127.0.0.1"), receiver.port, timeout_s)

        monkeypatch.setattr(line, "dial", dial)
        names["hooks.example"] = [[str(PUBLIC_V6), "2606:2800::1", str(PUBLIC)]]
        return dialled

    return place


def test_a_receiver_is_known_by_its_name_at_the_address_that_was_checked(
    authority: certificates.Authority,
    public: Callable[[receivers.Receiver], list[Address]],
) -> None:
    """Certificate, SNI and Host are by name; the next address serves for a dead one."""
    asked: list[str] = []
    context = authority.server("hooks.example")
    context.sni_callback = lambda _, name, __: asked.append(name)
    trusting = line.tls()
    trusting.load_verify_locations(authority.path)

    with receivers.receiving(receivers.answering(), context=context) as receiver:
        dialled = public(receiver)
        attempt = Sender(WebhookSettings(), context=trusting).send(
            "https://hooks.example:8443/in?a=b", b"{}", {}
        )

    assert (attempt.status, attempt.excerpt) == (200, "thanks")
    assert dialled == [PUBLIC_V6, PUBLIC]
    assert asked == ["hooks.example"]
    assert receiver.requests[0].startswith(b"POST /in?a=b HTTP/1.1\r\n")
    assert b"\r\nHost: hooks.example:8443\r\n" in receiver.requests[0]


@pytest.mark.parametrize(
    ("host", "trusted"), [("hooks.example", False), ("other.example", True)]
)
def test_a_certificate_that_does_not_prove_the_name_ends_the_attempt(
    authority: certificates.Authority,
    public: Callable[[receivers.Receiver], list[Address]],
    host: str,
    trusted: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Nothing is sent to who may be somebody else."""
    context = line.tls()
    if trusted:
        context.load_verify_locations(authority.path)

    with receivers.receiving(
        receivers.answering(), context=authority.server(host)
    ) as receiver:
        public(receiver)
        attempt = Sender(WebhookSettings(), context=context).send(
            "https://hooks.example/", b"{}", {}
        )

    assert (attempt.error or "").startswith(
        "tls: the receiver's certificate is not valid: "
    )
    assert receiver.requests == []


def test_an_attempt_over_tls_ends_in_time_too(
    authority: certificates.Authority,
    public: Callable[[receivers.Receiver], list[Address]],
) -> None:
    """Reading through TLS is bounded as reading without."""
    trusting = line.tls()
    trusting.load_verify_locations(authority.path)
    settings = WebhookSettings(webhook_timeout_s=1)

    began = time.monotonic()
    with receivers.receiving(
        receivers.dripping(OK, b"a"), context=authority.server("hooks.example")
    ) as receiver:
        public(receiver)
        attempt = Sender(settings, context=trusting).send(
            "https://hooks.example/", b"{}", {}
        )

    assert attempt.error == "timeout: the receiver did not answer in time"
    assert time.monotonic() - began < PROMPT_MS / 1000

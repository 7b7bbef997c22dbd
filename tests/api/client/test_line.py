"""Laws of the connections."""

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from api.client import (
    Client,
    KerbsideError,
    Unreachable,
)
from tests.api.client.script import (
    DROPPED,
    KEY,
    Reply,
    Request,
    Script,
    prediction,
)
from tests.api.conftest import OUTPUT


@pytest.mark.parametrize("cut_after", [0, 40])
def test_an_answer_that_breaks_off_is_asked_for_again(
    server: Script, client: Client, cut_after: int
) -> None:
    """The connection ends after the headers, or in the middle of the body."""
    server.replies = [
        Reply(body=prediction(), cut_after=cut_after),
        Reply(body=prediction()),
    ]

    assert client.get("p1").price == OUTPUT["price"]
    assert len(server.requests) == 2


def test_a_connection_is_kept_and_replaced_when_the_server_closed_it(
    server: Script, client: Client
) -> None:
    """Many calls share one; after a silent end the next call makes another."""
    server.answer = lambda _: Reply(body=prediction())
    for _ in range(5):
        client.get("p1")
    assert server.connections == 1

    server.answer = lambda _: Reply(body=prediction(), cut_after=5000)
    client.get("p1")
    server.answer = lambda _: Reply(body=prediction())

    assert client.get("p1").id == "p1"
    assert server.connections == 2


def test_a_closed_client_ends_what_is_under_way(server: Script) -> None:
    """A thread that waits for an answer does not hold up the end of a program."""
    asked, done = threading.Event(), threading.Event()

    def hang(request: Request) -> Reply:
        asked.set()
        done.wait(30)
        return DROPPED

    server.answer = hang
    client = Client(server.url, KEY)
    errors: list[KerbsideError] = []

    def get() -> None:
        try:
            client.get("p1")
        except KerbsideError as error:
            errors.append(error)

    thread = threading.Thread(target=get)
    thread.start()
    assert asked.wait(10)
    client.close()
    thread.join(10)
    done.set()

    assert [type(error) for error in errors] == [Unreachable]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate that no authority vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prices")])
    now = datetime.now(UTC)
    place = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([place]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "prices.pem"
    secret = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


def test_a_certificate_is_verified(server: Script, certificate: Path) -> None:
    """A server that nobody vouches for gets no key; an authority of one's own may."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.replies = [Reply(body=prediction())]
    url = server.url.replace("http:", "https:")

    with Client(url, KEY) as client, pytest.raises(Unreachable, match="CERTIFICATE"):
        client.get("p1")
    assert server.requests == []
    with Client(url, KEY) as client:
        client.connect = lambda: HTTPSConnection(
            *("127.0.0.1", server.server_port),
            context=ssl.create_default_context(cafile=certificate),
        )
        assert client.get("p1").id == "p1"


def test_the_environments_proxies_are_not_used(
    server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key goes where it was said to go; a proxy is asked for by `connect`."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server.replies = [Reply(body=prediction())]

    with Client(server.url, KEY, timeout_s=1) as client:
        assert client.get("p1").id == "p1"


@pytest.fixture
def trickle(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a server that sends what comes after a text byte by byte, without end."""
    begun, ended = request.param, threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(begun)
            while not ended.wait(0.02):
                connection.sendall(b"a")

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    ended.set()
    thread.join()
    listener.close()


@pytest.mark.parametrize(
    "trickle",
    [
        b"HTTP",
        b"HTTP/1.1 200 OK\r\nA: ",
        b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{"a": "',
        b'HTTP/1.0 200 OK\r\n\r\n{"a": "',
    ],
    ids=["status", "header", "body", "body without a length"],
    indirect=True,
)
def test_an_answer_that_trickles_does_not_outlast_the_time(trickle: str) -> None:
    """The time is of the whole call, not of each byte."""
    begun = time.monotonic()

    with Client(trickle, KEY, timeout_s=0.5) as client, pytest.raises(Unreachable):
        client.get("p1")

    assert time.monotonic() - begun < 30  # it would never end


def test_a_branch_ends_without_its_stem(server: Script, client: Client) -> None:
    """It shares the connections, and the stem's end is its own, too."""
    server.answer = lambda _: Reply(body=prediction())
    first, second = client.branch(), client.branch()

    first.get("p1")
    first.close()
    with pytest.raises(Unreachable, match="closed"):
        first.get("p1")
    client.get("p1")
    second.get("p1")
    client.close()

    with pytest.raises(Unreachable, match="closed"):
        second.get("p1")
    with pytest.raises(Unreachable, match="closed"):
        client.branch().get("p1")
    assert server.connections == 1

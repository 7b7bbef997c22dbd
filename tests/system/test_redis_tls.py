"""Redis over TLS, with real handshakes: all processes, and who is not trusted."""

import contextlib
import datetime as dt
import ipaddress
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import redis as redis_py
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.commands.checkup import redis_server as checkup
from api.commands.checkup.finding import Target
from api.settings import ApiSettings, child_environment
from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import api_server, installation
from tests.system.installation import Installation
from worker import connection
from worker.redis_acl import API, OPERATOR, WORKER
from worker.supervision import embedded, ports

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A certificate authority of a test."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(self, folder: Path) -> tuple[Path, Path]:
        """Write certificate and key of a server of this machine."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address(ports.LOOPBACK))]
        )
        certificate = (
            _begun("redis", self.certificate.subject, key)
            .add_extension(names, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return (
            _written(folder / "redis.pem", _pem(certificate)),
            _written(
                folder / "redis.key",
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                ),
            ),
        )

    def written(self, path: Path) -> Path:
        """Write the certificate that others are to trust."""
        return _written(path, _pem(self.certificate))


def _authority(name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        _begun(name, subject, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def _begun(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@dataclass(frozen=True)
class Secured:
    """An installation whose server also listens with TLS."""

    place: Installation
    port: int
    folder: Path

    def url_of(self, user: str, authority: str = "ca.pem", host: str = "") -> str:
        """Return a user's address, and whom its process is to trust."""
        password = self.place.redis.passwords[user]
        where = f"{host or ports.LOOPBACK}:{self.port}/0"
        return (
            f"rediss://{user}:{password}@{where}?ssl_ca_certs={self.folder / authority}"
        )


@pytest.fixture(scope="module")
def program() -> Path:
    """Return a server program that speaks TLS, such as Debian's."""
    named = [shutil.which(name) for name in ("redis-server", "valkey-server")]
    for program in [embedded.find_binary(), *(Path(one) for one in named if one)]:
        # With TLS it misses a certificate, without it the whole of it.
        said = subprocess.run(
            [program, "--port", "0", "--tls-port", "1"],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        ).stdout
        if "tls-cert-file" in said:
            return program
    message = "No Redis with TLS here; Debian's redis-server has it."
    if child_environment().get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def secured(
    program: Path, store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Secured]:
    """Run a server with a certificate; `ca.pem` trusts it, `other.pem` does not."""
    ours, port = _authority("ours"), ports.find_free()
    ca = ours.written(tmp_path / "ca.pem")
    _authority("others").written(tmp_path / "other.pem")
    certificate, key = ours.issue(tmp_path)
    options = {
        "tls-port": port,
        "tls-auth-clients": "no",
        "tls-ca-cert-file": ca,
        "tls-cert-file": certificate,
        "tls-key-file": key,
    }
    words = " ".join(f"--{name} '{value}'" for name, value in options.items())
    wrapped = tmp_path / "redis-server"
    wrapped.write_text(f"#!/bin/sh\nexec '{program}' \"$@\" {words}\n")
    wrapped.chmod(0o755)
    monkeypatch.setattr(embedded, "find_binary", lambda: wrapped)
    with installation.running(tmp_path / "var", store) as place:
        yield Secured(place, port, tmp_path)


def test_every_process_does_its_work_over_tls(
    secured: Secured, store: ModelStore
) -> None:
    """API, workers, upkeep, beat and Flower know no other address."""
    place = Installation(
        replace(secured.place.stack, redis_url_of=secured.url_of), secured.place.redis
    )
    stack = place.stack
    try:
        for spec in (*stack.prediction_workers(), stack.upkeep_worker(), stack.beat()):
            place.start(spec)
        place.start(stack.flower())
        with api_server.running(place, stack.api(), store) as server:
            job = server.submit(Prefer="wait=30").body
            upkeep = "kerbside:upkeep:predictions"
            wait_until(lambda: server.redis.exists(upkeep))
            wait_until(lambda: _users(server.redis, secured.port) >= _USERS)
            beside = _users(server.redis, place.redis.port)
    finally:
        place.end()

    assert job["status"] == "succeeded"
    assert beside == {"default"}, "somebody is on the port without TLS"


_USERS = {"api", "worker", "flower"}


def _users(admin: redis_py.Redis, port: int) -> set[str]:
    """Return who is connected to a port."""
    return {
        one["user"]
        for one in admin.client_list()
        if one["laddr"].endswith(f":{port}") and one["user"]
    }


@pytest.mark.parametrize("user", [API, WORKER, OPERATOR])
@pytest.mark.parametrize(
    ("authority", "host"), [("other.pem", ports.LOOPBACK), ("ca.pem", "localhost")]
)
def test_a_server_that_cannot_prove_its_name_is_sent_nothing(
    secured: Secured, user: str, authority: str, host: str
) -> None:
    """Neither one of another authority nor one of another name; the error says so."""
    url = secured.url_of(user, authority, host)

    with (
        contextlib.closing(connection.connect(url, role="operator")) as client,
        pytest.raises(redis_py.ConnectionError, match="certificate verify failed"),
    ):
        client.ping()


def test_doctor_tells_what_to_do_about_an_authority_that_is_not_trusted(
    secured: Secured,
) -> None:
    """The network is in order, and mending it would not help."""
    url = secured.url_of(OPERATOR, "other.pem")

    (found,) = checkup.check(Target(settings=ApiSettings(redis_url=url)))

    assert "certificate verify failed" in found.found
    assert "ssl_ca_certs" in found.remedy


def test_a_worker_that_does_not_trust_the_server_says_so(secured: Secured) -> None:
    """Kombu verifies as redis-py does; no house is priced by way of a stranger."""
    stack = replace(
        secured.place.stack, redis_url_of=lambda user: secured.url_of(user, "other.pem")
    )
    secured.place.start(stack.upkeep_worker())

    wait_until(lambda: "verify failed" in secured.place.logs().get("upkeep", ""))
    assert "certificate verify failed" in secured.place.logs()["upkeep"]

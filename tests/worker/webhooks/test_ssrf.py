"""No webhook reaches what only this machine or its network should reach."""

import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from tests.worker.webhooks import receivers
from tests.worker.webhooks.conftest import Names
from worker.webhook_settings import WebhookSettings
from worker.webhooks import addresses, line, sender
from worker.webhooks.lookup import Address
from worker.webhooks.sender import Sender

CORPUS = json.loads((Path(__file__).parent / "ssrf_corpus.json").read_text("utf-8"))
LOOPBACK = [["127.0.0.1", "::1"]]
PUBLIC = "93.184.216.34"
PUBLIC_V6 = "2606:2800:220:1:248:1893:25c8:1946"

Strict = Callable[..., WebhookSettings]


@pytest.fixture
def inside() -> Iterator[Sequence[receivers.Receiver]]:
    """Run what must never be reached, on both loopback addresses and one port."""
    with (
        receivers.receiving(receivers.answering()) as v4,
        receivers.receiving(receivers.answering(), host="::1", port=v4.port) as v6,
    ):
        yield v4, v6


def reached(inside: Sequence[receivers.Receiver]) -> int:
    """Count the connections that came in."""
    return sum(receiver.accepted for receiver in inside)


def test_the_corpus_is_large_and_holds_nothing_twice() -> None:
    """Forty ways in at the least."""
    assert len({entry["url"] for entry in CORPUS}) == len(CORPUS) >= 40


@pytest.mark.parametrize("entry", CORPUS, ids=lambda entry: entry["why"])
def test_registration_refuses_and_connects_to_nothing(
    entry: dict[str, str],
    inside: Sequence[receivers.Receiver],
    names: Names,
    connects: Sequence[Any],
    strict: Strict,
) -> None:
    """Each URL of the corpus is refused with words."""
    names["*"] = LOOPBACK
    url = entry["url"].replace("{port}", str(inside[0].port))

    with pytest.raises(addresses.RefusedAddress, match=r"expected|leave|percent"):
        addresses.check_host(url, strict(inside[0].port))

    assert connects == []
    assert reached(inside) == 0


@pytest.mark.parametrize("entry", CORPUS, ids=lambda entry: entry["why"])
def test_sending_refuses_again_and_connects_to_nothing(
    entry: dict[str, str],
    inside: Sequence[receivers.Receiver],
    names: Names,
    connects: Sequence[Any],
    strict: Strict,
    authorities: ssl.SSLContext,
) -> None:
    """What a laxer setting once let in does not leave."""
    names["*"] = LOOPBACK
    url = entry["url"].replace("{port}", str(inside[0].port))

    settings = strict(inside[0].port)
    attempt = Sender(settings, context=authorities).send(url, b"{}", {})

    assert (attempt.error or "").startswith("refused_address: ")
    assert connects == []
    assert reached(inside) == 0


@pytest.mark.parametrize("entry", CORPUS, ids=lambda entry: entry["why"])
def test_the_address_alone_is_refused_where_the_socket_is_made(
    entry: dict[str, str],
    inside: Sequence[receivers.Receiver],
    names: Names,
    connects: Sequence[Any],
    strict: Strict,
    authorities: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A URL that fools our parser, or its own two, leads nowhere all the same."""
    monkeypatch.setattr(sender, "check_url", lambda *_: None)
    names["*"] = LOOPBACK
    url = entry["url"].replace("{port}", str(inside[0].port))

    settings = strict(inside[0].port)
    attempt = Sender(settings, context=authorities).send(url, b"{}", {})

    assert (attempt.error or "").startswith(("refused_address: ", "dns: "))
    assert connects == []
    assert reached(inside) == 0


def test_a_connection_would_be_seen(
    inside: Sequence[receivers.Receiver],
    connects: Sequence[Any],
    patient: WebhookSettings,
) -> None:
    """The tests of this module can fail: what is allowed is counted."""
    attempts = [Sender(patient).send(one.url, b"{}", {}) for one in inside]

    assert [attempt.status for attempt in attempts] == [200, 200]
    assert [address[:2] for address in connects] == [
        ("127.0.0.1", inside[0].port),
        ("::1", inside[1].port),
    ]
    assert reached(inside) == 2


@pytest.mark.parametrize("public", [PUBLIC, PUBLIC_V6])
@pytest.mark.parametrize("turned", ["127.0.0.1", "::1", "169.254.169.254"])
def test_a_name_that_turns_inwards_after_registration_is_not_followed(
    public: str,
    turned: str,
    inside: Sequence[receivers.Receiver],
    names: Names,
    connects: Sequence[Any],
    strict: Strict,
) -> None:
    """The address is checked at each send: DNS rebinding leads nowhere."""
    names["hooks.example"] = [[public], [turned]]
    url = f"https://hooks.example:{inside[0].port}/"
    settings = strict(inside[0].port)

    addresses.check_host(url, settings)
    attempt = Sender(settings).send(url, b"{}", {})

    assert (attempt.error or "").startswith("refused_address: ")
    assert connects == []


@pytest.mark.parametrize(
    "answer",
    [[PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [PUBLIC_V6, "::1"], [PUBLIC, "::1"]],
)
def test_one_bad_address_spoils_a_name(
    answer: list[str],
    inside: Sequence[receivers.Receiver],
    names: Names,
    connects: Sequence[Any],
    strict: Strict,
) -> None:
    """A name that stands for good and bad addresses is refused both times."""
    names["hooks.example"] = [answer]
    url = f"https://hooks.example:{inside[0].port}/"
    settings = strict(inside[0].port)

    with pytest.raises(addresses.RefusedAddress, match="stands for an address"):
        addresses.check_host(url, settings)
    attempt = Sender(settings).send(url, b"{}", {})

    assert (attempt.error or "").startswith("refused_address: ")
    assert connects == []


def test_what_is_connected_to_is_what_was_checked(
    names: Names, strict: Strict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look-up serves the check and the connection: no answer slips in between."""
    names["hooks.example"] = [[PUBLIC], ["127.0.0.1"]]
    dialled: list[tuple[Address, int]] = []

    def dial(address: Address, port: int, timeout_s: float) -> line.Line:
        dialled.append((address, port))
        raise ConnectionRefusedError

    monkeypatch.setattr(line, "dial", dial)

    attempt = Sender(strict()).send("https://hooks.example/", b"{}", {})

    assert dialled == [(ip_address(PUBLIC), 443)]
    assert (attempt.error or "").startswith("connection_refused: ")


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_no_redirect_is_followed(
    status: str, inside: Sequence[receivers.Receiver], patient: WebhookSettings
) -> None:
    """Where a receiver points to is not where webhooks go."""
    behave = receivers.answering(status, b"", f"Location: {inside[0].url}")

    with receivers.receiving(behave) as receiver:
        attempt = Sender(patient).send(receiver.url, b"{}", {})

    assert (attempt.status, attempt.succeeded) == (int(status[:3]), False)
    assert (attempt.error or "").startswith("redirect: ")
    assert (receiver.accepted, reached(inside)) == (1, 0)


def test_proxies_and_passwords_of_the_environment_are_ignored(
    inside: Sequence[receivers.Receiver],
    patient: WebhookSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing around the process sends a webhook elsewhere or adds to it."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, inside[0].url)
        monkeypatch.setenv(name.upper(), inside[0].url)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    with receivers.receiving(receivers.answering()) as receiver:
        attempt = Sender(patient).send(receiver.url, b"{}", {})

    assert attempt.succeeded
    assert b"authorization" not in receiver.requests[0].lower()
    assert reached(inside) == 0

"""Webhooks may go to public receivers, and to networks that an operator names."""

import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_address, ip_network

import pytest
from requests_hardened import ip_filter

from tests.structure import source
from tests.worker.webhooks.conftest import Names
from worker.webhook_settings import WebhookSettings
from worker.webhooks.addresses import (
    LONGEST_URL,
    RefusedAddress,
    check_host,
    check_url,
    is_allowed,
)
from worker.webhooks.lookup import NameNotFound

STRICT = WebhookSettings()
#: What no list of networks opens.
NEVER = [
    "127.0.0.1",
    "::1",
    "0.0.0.0",  # noqa: S104 - not bound to
    "::",
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "224.0.0.1",
    "ff02::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com/in?key=a%20b&c=d",
        "https://hooks.example.com:8443/",
        "HTTPS://Hooks.Example.COM:443/",
        "https://xn--bcher-kva.example/",
        "https://_hooks.a-b.example/",
        "https://1and1.example/",
        "https://8.8.8.8/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]:8443/",
        "https://[::ffff:8.8.8.8]/",
        "https://hooks.example.com/" + "a" * (LONGEST_URL - 26),
    ],
)
def test_ordinary_receivers_are_allowed(url: str) -> None:
    """In every form that a URL may have."""
    check_url(url, STRICT)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://h.example/" + "a" * 2048, "2066 characters: expected at most 2048"),
        ("http://h.example/", "begins with 'http': expected https://"),
        ("https://h.example:80/", "port is 80: expected one of 443, 8443"),
        ("https://h.example/#a", "leave out '#'"),
        ("https://bücher.example/", "xn-- form"),
        ("https://0x7f.1/", "'0x7f.1' is an unusual spelling"),
        ("https://10.1.2.3/", "'10.1.2.3' is not a public address"),
        ("https://db.internal/", "'db.internal' is a name of a machine or network"),
        ("https://" + "a." * 130 + "example/", "253 characters"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_how_to_mend_it(url: str, words: str) -> None:
    """In the words of who wrote the URL."""
    with pytest.raises(RefusedAddress) as refusal:
        check_url(url, STRICT)

    assert words in str(refusal.value)


def test_a_refusal_repeats_no_password() -> None:
    """A message goes to logs."""
    with pytest.raises(RefusedAddress) as refusal:
        check_url("https://me:s3cret@h.example/", STRICT)

    assert "s3cret" not in str(refusal.value)


def test_development_allows_loopback_without_tls_on_any_port() -> None:
    """What is no URL stays none."""
    settings = WebhookSettings(webhook_development=True)

    for url in ("http://127.0.0.1:8080/", "http://localhost:9/", "http://[::1]/"):
        check_url(url, settings)
    for url in ("ftp://127.0.0.1/", "http://me@127.0.0.1/", "http://0x7f.1/"):
        with pytest.raises(RefusedAddress):
            check_url(url, settings)


def test_an_operators_networks_are_open_and_no_others() -> None:
    """By address and, once there is one, by the names of one's own network."""
    settings = WebhookSettings(
        webhook_networks=(ip_network("10.1.2.0/24"), ip_network("fd12::/16"))
    )

    check_url("https://10.1.2.3/", settings)
    check_url("https://[fd12::1]/", settings)
    check_url("https://[::ffff:10.1.2.3]/", settings)
    check_url("https://receiver.internal/", settings)
    for url in ("https://10.1.3.1/", "https://localhost/", "https://[fd13::1]/"):
        with pytest.raises(RefusedAddress):
            check_url(url, settings)


@pytest.mark.parametrize("address", NEVER)
def test_no_network_opens_this_machine_or_its_clouds_secrets(address: str) -> None:
    """Not even the whole Internet does."""
    everything = WebhookSettings(
        webhook_networks=(ip_network("0.0.0.0/0"), ip_network("::/0"))
    )

    assert not is_allowed(ip_address(address), everything)


def test_a_translated_address_needs_both_ends_allowed() -> None:
    """An operator with NAT64 lists its prefix; what is behind it is checked as well."""
    settings = WebhookSettings(webhook_networks=(ip_network("64:ff9b::/96"),))

    assert is_allowed(ip_address("64:ff9b::808:808"), settings)
    assert not is_allowed(ip_address("64:ff9b::a00:1"), settings)
    assert not is_allowed(ip_address("64:ff9b::808:808"), STRICT)


@pytest.mark.parametrize("network", ip_filter.EXTRA_BLOCKED_NET_RANGES, ids=str)
def test_what_others_refuse_is_refused(
    network: ip_filter.ipaddress.IPv4Network,
) -> None:
    """The list of requests-hardened, which its authors keep, is no longer than ours."""
    assert not is_allowed(network[0], STRICT)
    assert not is_allowed(network[-1], STRICT)


@pytest.mark.parametrize(
    "edges",
    [
        ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
        ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
        ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
        ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
        ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
    ],
)
def test_a_special_network_ends_where_it_ends(edges: tuple[str, str, str, str]) -> None:
    """Neighbours are ordinary addresses."""
    assert [is_allowed(ip_address(edge), STRICT) for edge in edges] == [
        True,
        False,
        False,
        True,
    ]


def test_a_host_is_looked_up_at_registration(
    names: Names, strict: Callable[..., WebhookSettings]
) -> None:
    """A name with public addresses passes; one without any is told from a bad one."""
    names["hooks.example.com"] = [["8.8.8.8", "2606:2800:220:1::1"]]

    check_host("https://hooks.example.com/", STRICT)
    with pytest.raises(RefusedAddress, match=r"'hoks[.]example[.]com' was not"):
        check_host("https://hoks.example.com/", STRICT)


def test_a_refusal_does_not_tell_what_an_inside_name_stands_for() -> None:
    """Registration is no way to read the name servers of one's network."""
    with pytest.raises(RefusedAddress) as refusal:
        check_host(
            "https://db.corp.example/",
            STRICT,
            resolve=lambda _: [ip_address("10.9.8.7")],
        )

    assert "10.9.8.7" not in str(refusal.value)


def test_a_slow_name_server_is_a_refusal_with_words() -> None:
    """Whoever registers can try again."""

    def resolve(_: str) -> list[object]:
        raise NameNotFound("no name server answered within 3 s")

    with pytest.raises(RefusedAddress, match="within 3 s"):
        check_host("https://hooks.example.com/", STRICT, resolve=resolve)  # type: ignore[arg-type] # it only raises


def test_checking_loads_nothing_that_sends() -> None:
    """The API checks addresses in its request path and stays light."""
    code = (
        "import sys, worker.webhooks.addresses, worker.webhooks.sealing, "
        "worker.webhooks.signing; print(*sys.modules)"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=source.ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()

    assert {"requests", "urllib3", "celery", "numpy"}.isdisjoint(loaded)

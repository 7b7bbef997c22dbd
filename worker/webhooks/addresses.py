"""Where webhooks may go: URLs by their form, hosts by every address they have."""

import re
from collections.abc import Callable, Sequence
from ipaddress import (
    IPv4Address,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, urlsplit

from worker.webhook_settings import WebhookSettings
from worker.webhooks.lookup import LOOKUPS, Address, NameNotFound

#: Characters of a URL, at most.
LONGEST_URL = 2048

#: Looks a host up: its addresses, or NameNotFound.
Resolve = Callable[[str], Sequence[Address]]

_PORTS = {"https": 443, "http": 80}
#: What a URL may hold: printable ASCII, and no backslash, which some read as a slash.
_CHARACTERS = re.compile(r"[!-\[\]-~]+")
_NAME = re.compile(r"(?!.{254})[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
#: A host that ends like this is an address to the system, however it is spelled.
_NUMERIC = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)\.?")
_OWN_NAMES = re.compile(r"(.*\.)?(localhost|localdomain|ip6-localhost|ip6-loopback)")
_PRIVATE_NAMES = re.compile(r"(.*\.)?(internal|local|lan|intranet|svc|home\.arpa)")

#: Addresses at which clouds hand their secrets to whoever asks from inside.
_METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",
            "168.63.129.16",  # Azure; a public address by its number
            "100.100.100.200",  # Alibaba
            "192.0.0.192",  # Oracle
            "fd00:ec2::254",  # AWS
            "fd00:ec2::23",  # AWS, pods
            "fd20:ce::254",  # Google
            "fd00:42::42",  # Scaleway
        ),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
#: Not public, though the Python in use may say so: its table grows with its releases.
_SPECIAL = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT
            "192.0.0.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "198.18.0.0/15",  # benchmarks
            "240.0.0.0/4",
            "2001::/23",  # Teredo, ORCHID, benchmarks
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
        ),
    )
)
_MAPPED = IPv6Network("::ffff:0:0/96")
#: Networks whose addresses end in the IPv4 address that they lead to.
_TRANSLATED = tuple(
    map(
        IPv6Network,
        ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"),
    )
)


class RefusedAddress(ValueError):
    """Webhooks may not go there; the message says what to change."""


def check_url(url: str, settings: WebhookSettings) -> None:
    """Look at a URL alone, without asking any name server.

    Raises:
        RefusedAddress: Webhooks may not go there, whatever its name stands for.
    """
    if len(url) > LONGEST_URL:
        raise RefusedAddress(
            f"the URL has {len(url)} characters: expected at most {LONGEST_URL}"
        )
    if not _CHARACTERS.fullmatch(url):
        raise RefusedAddress(
            "the URL holds spaces, control characters, backslashes or letters beyond "
            "ASCII: percent-encode them in the path, and write a host with such "
            "letters in its xn-- form"
        )
    _check_address(_check_parts(url, settings), settings)


def check_host(
    url: str, settings: WebhookSettings, *, resolve: Resolve = LOOKUPS.resolve
) -> None:
    """Look at a URL and at every address of its host, as at registration.

    Args:
        url: Where webhooks are to go.
        settings: What is allowed here.
        resolve: Looks a host up, in bounded time.

    Raises:
        RefusedAddress: Webhooks may not go there, or the host has no address.
    """
    check_url(url, settings)
    host = urlsplit(url).hostname or ""
    try:
        addresses_of(host, settings, resolve=resolve)
    except NameNotFound as error:
        raise RefusedAddress(
            f"the host {host!r} was not found ({error}): expected a name that has an "
            "address; mend its spelling or its DNS record, and try again"
        ) from None


def addresses_of(
    host: str, settings: WebhookSettings, *, resolve: Resolve = LOOKUPS.resolve
) -> Sequence[Address]:
    """Return a host's addresses once each of them has been found good.

    Raises:
        RefusedAddress: One of them is not for webhooks.
        NameNotFound: The host has none, or no answer came in time.
    """
    found = resolve(host)
    if not found:
        raise NameNotFound("it has no address")
    if not all(is_allowed(address, settings) for address in found):
        # Without the address: what an inside name stands for is nobody's business.
        raise RefusedAddress(
            f"the host {host!r} stands for an address that webhooks may not go to: "
            "expected public addresses only; an operator can add a network of one's "
            "own to KERBSIDE_WEBHOOK_NETWORKS"
        )
    return found


def is_allowed(address: Address, settings: WebhookSettings) -> bool:
    """Tell whether webhooks may go to an address and to what it leads to."""
    if settings.webhook_development:
        return True
    faces = _faces(address)
    return not any(map(_is_never_allowed, faces)) and all(
        is_public(face) or any(face in own for own in settings.webhook_networks)
        for face in faces
    )


def is_public(address: Address) -> bool:
    """Tell whether an address is an ordinary one of the Internet."""
    if address.version == 6 and address not in _GLOBAL_V6:  # noqa: PLR2004
        return False
    special = any(address in network for network in _SPECIAL)
    return address.is_global and not address.is_multicast and not special


def _check_parts(url: str, settings: WebhookSettings) -> str:
    """Check all of a URL but its host, and return that."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedAddress(
            f"the URL cannot be read ({error}): expected https://host/path"
        ) from None
    schemes = ("https", "http") if settings.webhook_development else ("https",)
    if parts.scheme not in schemes:
        raise RefusedAddress(
            f"the URL begins with {parts.scheme!r}: expected https://, so that nobody "
            "on the way can read or change what is sent"
        )
    _check_extras(parts)
    port = _PORTS[parts.scheme] if port is None else port
    if port not in settings.webhook_ports and not settings.webhook_development:
        allowed = ", ".join(map(str, settings.webhook_ports))
        raise RefusedAddress(
            f"the URL's port is {port}: expected one of {allowed}; an operator can "
            "add it to KERBSIDE_WEBHOOK_PORTS"
        )
    return parts.hostname or ""


def _check_extras(parts: SplitResult) -> None:
    if not parts.hostname:
        raise RefusedAddress("the URL has no host: expected https://host/path")
    if "@" in parts.netloc:
        # Without what stands there: it may be a password.
        raise RefusedAddress(
            "the URL holds a user name or password: leave it out, and check the "
            "signature of each webhook instead"
        )
    if parts.fragment:
        raise RefusedAddress(
            "the URL holds a fragment, which is never sent: leave out '#' and what "
            "follows it"
        )


def _check_address(host: str, settings: WebhookSettings) -> None:
    """Check a host by its name, or by its address where it is one."""
    address = _literal(host)
    if address is not None and not is_allowed(address, settings):
        raise RefusedAddress(
            f"the host {host!r} is not a public address: expected one that receives "
            "webhooks from the Internet; an operator can add a network of one's own "
            "to KERBSIDE_WEBHOOK_NETWORKS"
        )
    if address is not None or settings.webhook_development:
        return
    inside = _PRIVATE_NAMES.fullmatch(host) or "." not in host
    if _OWN_NAMES.fullmatch(host) or (inside and not settings.webhook_networks):
        raise RefusedAddress(
            f"the host {host!r} is a name of a machine or network of one's own: "
            "expected a public name, such as hooks.example.com"
        )


def _literal(host: str) -> Address | None:
    """Return the address that a host spells, None for a name."""
    try:
        if ":" in host:
            return _without_zone(IPv6Address(host))
        if _NUMERIC.fullmatch(host):
            return IPv4Address(host)
    except ValueError:
        raise RefusedAddress(
            f"the host {host!r} is an unusual spelling of an address: expected four "
            "decimal numbers as in 203.0.113.7, an IPv6 address without zone in "
            "brackets, or a name"
        ) from None
    if not _NAME.fullmatch(host):
        raise RefusedAddress(
            f"the host {host!r} is no host name: expected labels of 1 to 63 letters, "
            "digits, '-' and '_' with single dots between them, 253 characters at most"
        )
    return None


def _without_zone(address: IPv6Address) -> IPv6Address:
    if address.scope_id is not None:
        raise ValueError("a zone means something on one machine only")
    return address


def _faces(address: Address) -> Sequence[Address]:
    """Return an address with every IPv4 address inside it; a mapped one is IPv4."""
    if isinstance(address, IPv4Address):
        return (address,)
    tail = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _MAPPED:
        return (tail,)
    inner: list[IPv4Address] = list(address.teredo or ())
    if address.sixtofour:
        inner.append(address.sixtofour)
    if any(address in network for network in _TRANSLATED):
        inner.append(tail)
    return (address, *inner)


def _is_never_allowed(address: Address) -> bool:
    """Tell whether not even an operator may want an address."""
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _METADATA
    )

"""How KERBSIDE_REDIS_URL names a Redis: one server, or the sentinels that watch it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

#: What the address of a Redis with TLS may say, in the form that redis-py and Celery
#: read alike. All else they read differently or not at all: one of them would connect
#: elsewhere, or with less care.
_TLS = {
    "ssl_ca_certs": ".+",
    "ssl_ca_path": ".+",
    "ssl_certfile": ".+",
    "ssl_keyfile": ".+",
    "ssl_check_hostname": "true|false",
    "ssl_cert_reqs": "required|optional|none",
}
_SENTINEL = {"master": ".+", "sentinel_user": ".+", "sentinel_password": ".+"}
#: Parameters that may follow an address.
_PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "redis": {},
    "rediss": _TLS,
    "sentinel": _SENTINEL,
    "sentinels": {**_SENTINEL, **_TLS},
}
_SENTINEL_PORT = 26379
_PLACE = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:,@\[\]]+)(?::(?P<port>\d{1,5}))?"
)
_HIGHEST_PORT = 65_535


class InvalidAddress(ValueError):
    """An address that not all clients would read alike, or none at all."""


@dataclass(frozen=True, slots=True)
class Sentinels:
    """A Redis by those who know which of its servers is the primary.

    Attributes:
        places: Host and port of each sentinel.
        master: What they call the group of servers that they watch.
        database: Number of the database.
        login: `username` and `password` for the servers, as far as they are given.
        own_login: The same for the sentinels.
        tls: What redis-py is told of the encryption, for servers and sentinels alike.
    """

    places: tuple[tuple[str, int], ...]
    master: str
    database: int
    login: Mapping[str, str] = field(repr=False)
    own_login: Mapping[str, str] = field(repr=False)
    tls: Mapping[str, str | bool]

    @classmethod
    def of(cls, url: str) -> Self | None:
        """Return what an address says of sentinels; None where it names a server.

        Raises:
            InvalidAddress: It is of neither form.
        """
        parts = urlsplit(url)
        if not parts.scheme.startswith("sentinel"):
            return None
        said = _said(parts)
        if "master" not in said:
            raise InvalidAddress(
                "expected the name of what the sentinels watch, as in ?master=kerbside"
            )
        return cls(
            places=tuple(_places(parts.netloc.rpartition("@")[2])),
            master=said["master"],
            database=database(url),
            login=_login(unquote(parts.username or ""), unquote(parts.password or "")),
            own_login=_login(said.get("sentinel_user"), said.get("sentinel_password")),
            tls=_as_arguments(said) if parts.scheme == "sentinels" else {},
        )

    def as_broker(self) -> str:
        """Return the address as kombu spells it: one for each sentinel."""
        user, password = (quote(self.login.get(k, ""), safe="") for k in _LOGIN)
        login = f"{user}:{password}@" if user or password else ""
        return ";".join(
            f"sentinel://{login}{_bracketed(host)}:{port}/{self.database}"
            for host, port in self.places
        )


#: How redis-py names the parts of a login.
_LOGIN = ("username", "password")


def check(url: str) -> None:
    """Look whether all clients read an address alike.

    Raises:
        InvalidAddress: They do not; the message says what was expected.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PARAMETERS or "//" not in url:
        # Celery and redis-py name a Unix socket differently: one address must do.
        raise InvalidAddress(
            "expected redis:// or rediss:// and a server, or sentinel:// or"
            " sentinels:// and sentinels"
        )
    if not re.fullmatch(r"/?[0-9]*", parts.path):
        raise InvalidAddress("expected a number of a database as the path, such as /0")
    _check_parameters(parts.scheme, parts.query)
    if Sentinels.of(url):
        return
    try:
        _ = parts.port
    except ValueError:
        raise InvalidAddress(
            "expected a port from 0 to 65535 after the host; several hosts are for"
            " sentinel:// and sentinels://"
        ) from None


def database(url: str) -> int:
    """Return the number of the database in an address."""
    return int(urlsplit(url).path.strip("/") or 0)


def tls_options(url: str) -> str | None:
    """Return what an address says of TLS, as a query; None: there is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("rediss", "sentinels"):
        return None
    return urlencode(_tls(_said(parts)))


def _check_parameters(scheme: str, query: str) -> None:
    known = _PARAMETERS[scheme]
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known or not re.fullmatch(known[name], value):
            raise InvalidAddress(
                "expected no parameters but those of rediss://, which are"
                f" {_told(_TLS)}, and those of sentinel://, which are"
                f" {_told(_SENTINEL)}, or both with sentinels://; got {name}. The"
                " database is the path, such as /2"
            )


def _places(text: str) -> Iterable[tuple[str, int]]:
    for one in text.split(","):
        match = _PLACE.fullmatch(one)
        port = int(match["port"] or _SENTINEL_PORT) if match else _HIGHEST_PORT + 1
        if not match or port > _HIGHEST_PORT:
            raise InvalidAddress(
                "expected sentinels as HOST:PORT, separated by commas, with ports from"
                " 0 to 65535"
            )
        yield match["host"].strip("[]"), port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _login(user: str | None, password: str | None) -> Mapping[str, str]:
    said = zip(_LOGIN, (user, password), strict=True)
    return {name: value for name, value in said if value}


def _said(parts: SplitResult) -> dict[str, str]:
    """Return the parameters of an address.

    Nobody but us reads those of sentinels: there a plus is a plus, as in the password
    before the host. That of a form is a space, and so redis-py and kombu read it.
    """
    is_ours = parts.scheme.startswith("sentinel")
    query = parts.query.replace("+", "%2B") if is_ours else parts.query
    return dict(parse_qsl(query))


def _tls(said: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in said.items() if name in _TLS}


def _as_arguments(said: Mapping[str, str]) -> Mapping[str, str | bool]:
    told: dict[str, str | bool] = {"ssl": True, **_tls(said)}
    if "ssl_check_hostname" in told:
        told["ssl_check_hostname"] = told["ssl_check_hostname"] == "true"
    return told


def _told(options: Mapping[str, str]) -> str:
    return ", ".join(
        name if values == ".+" else f"{name}={values}"
        for name, values in options.items()
    )

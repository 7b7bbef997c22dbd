"""Which API a client's command talks to, with which key, and what fails about it."""

import contextlib
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, TypeVar

import click

from api.archive_problems import ArchiveAway, ArchiveSlow, NoArchive
from api.client import ApiError, Client, KerbsideError, NotFinished
from api.commands import absence, stopping
from api.errors import MemoryIsFull, QueueIsFull
from api.launcher import installation
from api.launcher.faults import (
    ApiUnreachable,
    ArchiveUnusable,
    KeyRefused,
    QueueRefused,
)
from api.launcher.local_keys import LocalAccess
from api.launcher.statefolder import StateFolder
from worker.supervision import ports

_Function = TypeVar("_Function", bound=Callable[..., Any])

url_option = click.option(
    "--url",
    envvar="KERBSIDE_URL",
    show_envvar=True,
    help="Address of the API; by default that of the local `kerbside up`.",
)
key_option = click.option(
    "--key",
    envvar="KERBSIDE_API_KEY",
    show_envvar=True,
    help="API key; by default that of the local user, for the local API alone.",
)


def timeout_option(
    default_s: float, takes_for: str
) -> Callable[[_Function], _Function]:
    """Return the option of how long a command waits for the API."""
    return click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(1),
        default=default_s,
        show_default=True,
        help=f"Seconds that the API may be away, or take for {takes_for}.",
    )


_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_FULL = (MemoryIsFull.type_uri(), QueueIsFull.type_uri())
#: Reasons that are shown of one refusal, at most.
_REASONS = 10
_WAITING = "{}: {}\nIt is tried again for {:g} s; Ctrl-C ends that."
_WITHOUT_ARCHIVE = tuple(
    cause.type_uri() for cause in (NoArchive, ArchiveAway, ArchiveSlow)
)


def found(url: str | None, key: str | None) -> tuple[str, str]:
    """Return address and key: those given, else those of the local installation.

    Raises:
        ApiUnreachable: None is given and none was started here.
        click.UsageError: There is no key for the API.
    """
    state = StateFolder(installation.read_settings().state_dir)
    if not url:
        port = state.known_ports().get("api")
        if port is None:
            raise ApiUnreachable(absence.told(state, absence.NO_API))
        url = f"http://{ports.LOOPBACK}:{port}"
        # No other server is ever sent the local key.
        key = key or LocalAccess(state.access).user_token()
    if not key:
        raise click.UsageError(
            f"There is no key for {url}: say --key, or set KERBSIDE_API_KEY."
        )
    return url, key.strip()


def client(url: str, key: str, **options: Any) -> Client:
    """Return a client of the API.

    Raises:
        click.UsageError: The address, or the key, cannot be one.
    """
    try:
        return Client(url, key, **options)
    except ValueError as error:
        raise click.UsageError(
            f"The address (--url, KERBSIDE_URL) or the key (--key, KERBSIDE_API_KEY)"
            f" cannot be used: {error}."
        ) from error


@contextlib.contextmanager
def reached(url: str | None, key: str | None, timeout_s: float) -> Iterator[Client]:
    """Give a client of the API, which a signal ends, and tell what it fails at.

    Raises:
        Fault: What `found` and `told` raise.
        click.UsageError: There is no key, or it or the address cannot be one.
    """
    url, key = found(url, key)
    waits = _Waits(url, timeout_s)
    with (
        client(url, key, timeout_s=timeout_s, on_retry=waits.tell) as opened,
        stopping.stoppable(opened),
        told(url),
    ):
        yield opened


class _Waits:
    """Tells once that a command tries again, so that it does not wait in silence."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url, timeout_s
        self._is_told = False

    def tell(self, error: KerbsideError) -> None:
        """Say on stderr what is waited for, the first time."""
        if not self._is_told:
            self._is_told = True
            click.echo(_WAITING.format(self._url, error, self._timeout_s), err=True)


def reasons(error: ApiError) -> str:
    """Return what the API said, with a line for each of several reasons."""
    if not error.errors[1:]:
        return str(error)
    request = error.request_id or "without id"
    lines = [f"{error.title} ({error.status}): {error.detail} [request {request}]"]
    shown = error.errors[:_REASONS]
    lines += [f"  {one.get('pointer')}: {one.get('detail')}" for one in shown]
    if left := len(error.errors) - len(shown):
        lines.append(f"  ... and {left} more of the {len(error.errors)} that it lists.")
    return "\n".join(lines)


@contextlib.contextmanager
def told(url: str) -> Iterator[None]:
    """Tell in a sentence what the API, or the way there, failed at.

    Raises:
        KeyRefused: The key opens nothing, or not this.
        QueueRefused: The API takes no more houses now, or no more of the key's tenant.
        ArchiveUnusable: The API has no archive, or it is away.
        ApiUnreachable: Anything else that is not about one house.
    """
    try:
        yield
    except ApiError as error:
        if error.status in _REFUSALS:
            raise KeyRefused(f"{url}: {error}") from error
        if error.status == HTTPStatus.TOO_MANY_REQUESTS or error.type in _FULL:
            raise QueueRefused(f"{url}: {error}") from error
        if error.type in _WITHOUT_ARCHIVE:
            raise ArchiveUnusable(f"{url}: {error}") from error
        raise ApiUnreachable(f"{url}: {error}") from error
    except NotFinished as error:
        raise ApiUnreachable(
            f"{url} has not finished a house in time: {error}. Do its workers run?"
        ) from error
    except KerbsideError as error:
        raise ApiUnreachable(f"No answer from {error}. Is it up?") from error

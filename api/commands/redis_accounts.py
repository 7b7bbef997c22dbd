"""The files from which a Redis and the processes of an installation learn its users."""

import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import click

from worker import redis_acl
from worker.settings import REDIS_URL
from worker.supervision import aclfile, secretfile

#: What a password may be made of, so that it can stand in any file and address.
PASSWORD = re.compile(r"[A-Za-z0-9._~-]{16,}")
#: The file that the server reads.
USERS_FILE = "users.acl"


def rules(url: str) -> Mapping[str, str]:
    """Return what each user may do in the Redis at an address."""
    return redis_acl.rules(int(urlsplit(url).path.strip("/") or 0))


def completed(known: Mapping[str, str]) -> dict[str, str]:
    """Return a password for each user: those that are known, and made up ones."""
    return {u: known.get(u) or secrets.token_urlsafe(32) for u in redis_acl.USERS}


def kept(folder: Path) -> dict[str, str]:
    """Return the passwords of an earlier run.

    Raises:
        click.UsageError: A file holds none.
    """
    return dict(_passwords(folder))


def write(
    folder: Path,
    url: str,
    *,
    rules: Mapping[str, str],
    passwords: Mapping[str, str],
) -> list[Path]:
    """Write the server's file and one for the processes of each user.

    Args:
        folder: Where; it is made for its owner alone.
        url: The server's address, whatever user it names.
        rules: What each user may do.
        passwords: Of each of them; those of an installation's get a file.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = {folder / USERS_FILE: aclfile.text(rules, passwords)}
    for user in redis_acl.USERS:
        address = _address(url, user, passwords[user])
        files[_file(folder, user)] = f"{REDIS_URL}={address}\n"
    for path, content in files.items():
        secretfile.write(path, content)
    return [*files]


def _file(folder: Path, user: str) -> Path:
    return folder / f"{user}.env"


def _passwords(folder: Path) -> Iterator[tuple[str, str]]:
    for user in redis_acl.USERS:
        path = _file(folder, user)
        if not path.exists():
            continue
        _, _, url = path.read_text(encoding="utf-8").strip().partition("=")
        password = urlsplit(url).password or ""
        if not PASSWORD.fullmatch(password):
            raise click.UsageError(
                f"{path}: expected one line, {REDIS_URL}=..., with a password. Remove"
                " the file to have a new one made up."
            )
        yield user, password


def _address(url: str, user: str, password: str) -> str:
    """Return the address with another user and password."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    login = f"{user}:{quote(password, safe='')}"
    return parts._replace(netloc=f"{login}@{place}").geturl()

"""The files from which a Redis and the processes of an installation learn its users."""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import click

from worker import redis_acl, redis_address
from worker.redis_address import Sentinels
from worker.settings import REDIS_URL
from worker.supervision import aclfile, secretfile

#: What a password may be made of, so that it can stand in any file and address.
PASSWORD = re.compile(r"[A-Za-z0-9._~-]{16,}")
#: The file that the server reads.
USERS_FILE = "users.acl"
#: What goes into the files of the sentinels, and into those of all servers.
_FAILOVER = {
    redis_acl.SENTINEL: "sentinel auth-user {master} sentinel\n"
    "sentinel auth-pass {master} {password}\n",
    redis_acl.REPLICA: "masteruser replica\nmasterauth {password}\n",
}
_EXPECTED = {
    redis_acl.SENTINEL: "two lines, the second sentinel auth-pass NAME,",
    redis_acl.REPLICA: "two lines, the second masterauth,",
}


def rules(url: str) -> Mapping[str, str]:
    """Return what each user may do in the Redis at an address."""
    found = redis_acl.rules(redis_address.database(url))
    return {**found, **redis_acl.failover_rules()} if Sentinels.of(url) else found


def completed(users: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return a password for each user: those that are known, and made up ones."""
    return {user: known.get(user) or secrets.token_urlsafe(32) for user in users}


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
    if sentinels := Sentinels.of(url):
        for user, lines in _FAILOVER.items():
            own = {"master": sentinels.master, "password": passwords[user]}
            files[_file(folder, user)] = lines.format(**own)
    for path, content in files.items():
        secretfile.write(path, content)
    return [*files]


def _file(folder: Path, user: str) -> Path:
    return folder / f"{user}.{'conf' if user in _FAILOVER else 'env'}"


def _passwords(folder: Path) -> Iterator[tuple[str, str]]:
    for user in (*redis_acl.USERS, *_FAILOVER):
        path = _file(folder, user)
        if not path.exists():
            continue
        password = _password(user, path.read_text(encoding="utf-8").strip())
        if not PASSWORD.fullmatch(password):
            expected = _EXPECTED.get(user, f"one line, {REDIS_URL}=...,")
            raise click.UsageError(
                f"{path}: expected {expected} with a password. Remove the file to have"
                " a new one made up."
            )
        yield user, password


def _password(user: str, text: str) -> str:
    if user in _FAILOVER:
        return text.rpartition(" ")[2]
    return urlsplit(text.partition("=")[2]).password or ""


def _address(url: str, user: str, password: str) -> str:
    """Return the address with another user and password."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    login = f"{user}:{quote(password, safe='')}"
    return parts._replace(netloc=f"{login}@{place}").geturl()

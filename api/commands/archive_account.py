"""The files by which the PostgreSQL in containers and its users know each other."""

import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import click

from model_store.settings import ARCHIVE_URL
from worker.supervision import secretfile

#: What tells the processes where the archive is.
ADDRESS_FILE = "archive.env"
#: What the server reads: the user and its database; and who may do everything there.
SERVER_FILES = ("archive.sql", "postgres-password")

_USER = "kerbside"
_ADDRESS = f"postgresql+psycopg://{_USER}:{{}}@postgres:5432/kerbside"
#: Whichever of it is there already stays, so it may be run again with another password.
_SQL = """\
SELECT 'CREATE ROLE kerbside LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kerbside') \\gexec
ALTER ROLE kerbside PASSWORD '{}';
SELECT 'CREATE DATABASE kerbside OWNER kerbside'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'kerbside') \\gexec
"""


def write(folder: Path) -> None:
    """Write the files into a folder; a password that is there stays as it is.

    Raises:
        click.UsageError: The address that is there leads elsewhere.
    """
    address = folder / ADDRESS_FILE
    if not address.exists():
        made = _ADDRESS.format(secrets.token_urlsafe(32))
        secretfile.write(address, f"{ARCHIVE_URL}={made}\n")
    sql, administrator = (folder / name for name in SERVER_FILES)
    secretfile.write(sql, _SQL.format(_password(address)))
    if not administrator.exists():
        secretfile.write(administrator, secrets.token_urlsafe(32))


def is_ours(folder: Path) -> bool:
    """Tell whether the archive of a folder is the PostgreSQL of the containers."""
    return (folder / SERVER_FILES[0]).exists()


def _password(file: Path) -> str:
    """Return the password of the address in a file."""
    text = file.read_text(encoding="utf-8").strip()
    password = urlsplit(text.partition("=")[2]).password or ""
    is_plain = re.fullmatch(r"[\w-]+", password, re.ASCII)
    if not is_plain or text != f"{ARCHIVE_URL}={_ADDRESS.format(password)}":
        raise click.UsageError(
            f"{file}: expected the archive of the profile postgres, one line,"
            f" {ARCHIVE_URL}={_ADDRESS.format('PASSWORD')}, with a password of"
            " letters, digits, - and _, which SQL and an address read alike. If it is"
            " to be"
            f" another archive, remove {SERVER_FILES[0]} beside it and say no"
            " --archive; else remove this file to have a new one made."
        )
    return password

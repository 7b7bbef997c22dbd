"""`kerbside redis acl`: a user of Redis for each part of an installation."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import click

from api.commands import redis_accounts
from api.launcher import installation
from model_store.command_line import Group
from worker import redis_acl
from worker.supervision import aclfile, embedded

#: Who may be given a password: the one that Redis has by itself, too.
_NAMED = (*redis_acl.USERS, *redis_acl.failover_rules(), aclfile.DEFAULT)
_LINE = re.compile(r"\s*([a-z]+)\s*=\s*(.*?)\s*")


@click.group(cls=Group, exit_codes={})
def redis() -> None:
    """Set up a Redis of your own."""


@redis.command()
@click.option(
    "--output",
    "-o",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for users.acl and one .env file for each user, mode 0600.",
)
@click.option(
    "--passwords",
    type=click.File("r", encoding="utf-8"),
    help="File of lines USER=PASSWORD, - for stdin; others are made up.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def acl(
    *,
    folder: Path | None,
    passwords: TextIO | None,
    as_json: bool,
) -> None:
    """Write the users that a Redis of your own needs, each with no more rights.

    For Redis 7.0 or newer, or any Valkey; Redis 6.2 does not know such rules. The
    users are api, worker (for all workers, upkeep and beat), flower, keda and operator
    (for the commands of kerbside). Address and database are those of
    KERBSIDE_REDIS_URL.

    With -o the passwords are made up, and those of an earlier run stay as they are:
    users.acl is for the server (aclfile), USER.env holds KERBSIDE_REDIS_URL for the
    processes of that user. Where it names sentinels, sentinel.conf and replica.conf
    hold the lines of two more users, for the files of sentinels and servers. Without
    -o each password has to be given with --passwords,
    and the file for the server is printed. No password is ever printed.

    Who names no user is not let in, unless --passwords has a line default=PASSWORD:
    then whoever gives this password alone may do everything.
    """
    given = _read(passwords) if passwords else {}
    url = installation.read_settings().redis_url
    kept = redis_accounts.kept(folder) if folder else {}
    known = {**kept, **given}
    rules = redis_accounts.rules(url)
    if folder is None and (missing := [user for user in rules if user not in known]):
        raise click.UsageError(
            f"There is no password for {', '.join(missing)}: give one with"
            " --passwords, or let them be made up with -o FOLDER."
        )
    logins = {**redis_accounts.completed(rules, known), **given}
    if aclfile.DEFAULT in given:
        rules = {**rules, **embedded.ONE_FOR_ALL}
    files = []
    if folder:
        files = redis_accounts.write(folder, url, rules=rules, passwords=logins)
    _tell(aclfile.text(rules, logins), rules, files, as_json=as_json)


def _tell(
    text: str, rules: Mapping[str, str], files: list[Path], *, as_json: bool
) -> None:
    if as_json:
        told: dict[str, Any] = {"users": dict(rules), "files": [*map(str, files)]}
        click.echo(json.dumps(told if files else {**told, "acl": text}))
    elif files:
        for path in files:
            click.echo(path)
    else:
        click.echo(text, nl=False)


def _read(lines: TextIO) -> dict[str, str]:
    """Return the passwords of a file.

    Raises:
        click.UsageError: A line is none; it is named by its number alone.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(_lines_of(lines), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.rstrip("\n"))
        user, password = match.groups() if match else ("", "")
        if user not in _NAMED or not redis_accounts.PASSWORD.fullmatch(password):
            raise click.UsageError(
                f"{lines.name}, line {number}: expected USER=PASSWORD, USER one of"
                f" {', '.join(_NAMED)}, PASSWORD 16 or more of the characters"
                " A-Z a-z 0-9 . _ ~ -"
            )
        if user in found:
            raise click.UsageError(
                f"{lines.name}, line {number}: expected one line for each user, got a"
                f" second one for {user}."
            )
        found[user] = password
    return found


def _lines_of(file: TextIO) -> list[str]:
    try:
        return [*file]
    except UnicodeDecodeError as error:
        raise click.UsageError(
            f"{file.name}: expected a text file in UTF-8, one USER=PASSWORD a line;"
            f" {error.reason} at byte {error.start}."
        ) from None

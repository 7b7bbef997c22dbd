"""`kerbside init`: the secrets of an installation in containers."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from api.commands import archive_account, redis_accounts
from api.launcher.stack import FLOWER_USER
from model_store.command_line import Command
from model_store.errors import StoreError
from model_store.settings import TRUSTED_KEYS
from model_store.storage.signing import SigningKey
from worker.supervision import secretfile
from worker.webhook_settings import SECRET_KEYS
from worker.webhooks.sealing import new_key

_HELP = """Write the secrets that docker-compose.yml needs into FOLDER.

FOLDER is deploy/secrets unless another one is named, and for its owner alone. It gets
a user of Redis for each kind of process, with its password; the key that signs models,
and its public half for who uses them; the key that seals the webhooks' secrets; logins
for Flower and Grafana; and an empty file for the API key that Prometheus is to use. No
secret is printed.

With --archive postgres it gets the login of the PostgreSQL that the profile postgres
starts, too, for the server and for who uses it. That may be said later; from then on it
is kept without being said again.

What is there already stays as it is: no key and no password is ever replaced, however
often this runs. Only the rights of the users of Redis are written anew, so run it after
an upgrade. To have a new secret made, remove its file first. The PostgreSQL reads its
own, archive.sql and postgres-password, only when it makes its data folder.
"""

#: Where docker-compose.yml looks by itself.
_FOLDER = Path("deploy/secrets")
#: Where the containers find Redis.
_REDIS_URL = "redis://redis:6379/0"
#: Mounted into containers, whose users are not the folder's owner: on this machine
#: the folder keeps others away from them.
_MOUNTED = (
    *(redis_accounts.USERS_FILE, "signing-key.pem", "metrics-key"),
    *archive_account.SERVER_FILES,
)


@click.command(cls=Command, help=_HELP, exit_codes={})
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False), default=_FOLDER
)
@click.option(
    "--archive",
    type=click.Choice(["postgres"]),
    help="Keep what has ended in the PostgreSQL of the profile postgres.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
def init(*, folder: Path, archive: str | None, as_json: bool) -> None:
    """Write the secrets; `_HELP` says it to the user."""
    before = set(folder.iterdir()) if folder.exists() else set()
    try:
        _write(folder, with_archive=archive is not None)
    finally:
        # After a refusal, too: what was written before it must be read by containers.
        _open_what_is_mounted(folder)
    _tell(folder, before, as_json=as_json)


def _write(folder: Path, *, with_archive: bool) -> None:
    _write_users(folder)
    _write_signing_key(folder)
    for name, made in _OTHERS.items():
        if not (folder / name).exists():
            secretfile.write(folder / name, made())
    if with_archive or archive_account.is_ours(folder):
        archive_account.write(folder)


def _open_what_is_mounted(folder: Path) -> None:
    for name in _MOUNTED:
        if (folder / name).exists():
            (folder / name).chmod(0o644)


def _write_users(folder: Path) -> None:
    rules = redis_accounts.rules(_REDIS_URL)
    passwords = redis_accounts.completed(rules, redis_accounts.kept(folder))
    redis_accounts.write(folder, _REDIS_URL, rules=rules, passwords=passwords)
    # It may have been there before, for others to look at.
    folder.chmod(0o700)


def _write_signing_key(folder: Path) -> None:
    """Make the key that signs models, and name its public half to who uses them."""
    try:
        public = SigningKey.create(folder / "signing-key.pem").public
    except StoreError as error:
        raise click.UsageError(f"{error}.") from error
    trust = folder / "trust.env"
    if not trust.exists():
        secretfile.write(trust, f"{TRUSTED_KEYS}={public}\n")
    elif public not in trust.read_text(encoding="utf-8"):
        raise click.UsageError(
            f"{trust} does not name {public}, which signs the models from now on: add"
            " it after a comma, or every new model is refused."
        )


#: What else is made once -> its content.
_OTHERS: dict[str, Callable[[], str]] = {
    "sealing.env": lambda: f"{SECRET_KEYS}={new_key()}\n",
    "flower-login.env": lambda: f"FLOWER_BASIC_AUTH={FLOWER_USER}:{_password()}\n",
    "grafana-login.env": lambda: f"GF_SECURITY_ADMIN_PASSWORD={_password()}\n",
    "metrics-key": lambda: "",
}


def _password() -> str:
    return secrets.token_urlsafe(18)


def _tell(folder: Path, before: set[Path], *, as_json: bool) -> None:
    files = sorted(folder.iterdir())
    made = [str(path) for path in files if path not in before]
    commands = list(_next_commands(folder))
    variables = list(_lasting(folder))
    if as_json:
        kept = [str(path) for path in files if path in before]
        told = {"made": made, "kept": kept, "env": variables, "next": commands}
        click.echo(json.dumps(told))
        return
    for path in made:
        click.echo(path)
    if not made:
        click.echo(f"All secrets are in {folder} already, and stay as they are.")
    if variables:
        click.echo("\nLet this stand in the file .env beside docker-compose.yml:\n")
        for line in variables:
            click.echo(f"  {line}")
    click.echo("\nNext, where docker-compose.yml is:\n")
    for command in commands:
        click.echo(f"  {command}")


def _lasting(folder: Path) -> Iterator[str]:
    """Yield what every later command of compose must know, in any shell."""
    if archive_account.is_ours(folder):
        yield "COMPOSE_PROFILES=postgres"


def _next_commands(folder: Path) -> Iterator[str]:
    if folder != _FOLDER:
        yield f"export SECRETS_DIR={folder.absolute()}"
    yield "docker compose up -d --wait"
    yield "docker compose run --rm kerbside keys create"

"""`kerbside model key`."""

import json

import click

from model_store import options
from model_store.command_line import Command
from model_store.commands import opening
from model_store.storage import signing


@click.command(cls=Command)
@click.option("--create", is_flag=True, help="Make the key if there is none yet.")
@options.as_json
def key(*, create: bool, as_json: bool) -> None:
    """Print the public half of the key that new versions are signed with.

    The private half is at KERBSIDE_SIGNING_KEY_FILE, by default `signing-key.pem` in
    the state folder; --create makes it there for its owner alone to read, and writes
    the public half beside it. An existing key is never replaced.
    """
    path = opening.settings(None).own_signing_key()
    made = create and not path.exists()
    key_of = signing.SigningKey.create if create else signing.SigningKey.load
    own = key_of(path)
    if as_json:
        record = {"public_key": own.public, "file": str(path), "created": made}
        click.echo(json.dumps(record, indent=2))
    else:
        click.echo(own.public)

"""`kerbside model promote` and `rollback`: which version prices."""

import json
from typing import get_args

import click
from rich.table import Table

from model_store import options
from model_store.aliases import Aliases, Post
from model_store.command_line import Command, results
from model_store.commands import opening


@click.command(cls=Command)
@click.argument("version")
@click.option(
    "--as",
    "post",
    type=click.Choice(get_args(Post)),
    default="champion",
    show_default=True,
    help="What it is to be.",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Of what is submitted for the champion, how much a challenger prices in its "
    "place. By default what it has, and 0 of a new one.",
)
@options.if_generation
@options.store
@options.as_json
def promote(
    *,
    version: str,
    post: Post,
    share: float | None,
    if_generation: int | None,
    store_url: str | None,
    as_json: bool,
) -> None:
    """Make VERSION, which may be an alias, the champion or the challenger.

    It is read whole first: a version that is damaged or not trusted is not promoted.
    The champion so far becomes `previous`.
    """
    store = opening.store(store_url)
    aliases = store.promote(
        store.resolve(version), post=post, share=share, if_generation=if_generation
    )
    _tell(aliases, as_json=as_json)


@click.command(cls=Command)
@options.if_generation
@options.store
@options.as_json
def rollback(
    *, if_generation: int | None, store_url: str | None, as_json: bool
) -> None:
    """Make the previous champion the champion again.

    The one that was champion becomes `previous`: a second rollback undoes the first.
    """
    aliases = opening.store(store_url).rollback(if_generation=if_generation)
    _tell(aliases, as_json=as_json)


@click.command(cls=Command)
@options.if_generation
@options.store
@options.as_json
def dismiss(*, if_generation: int | None, store_url: str | None, as_json: bool) -> None:
    """Have no challenger any more; its version stays in the store."""
    aliases = opening.store(store_url).dismiss(if_generation=if_generation)
    _tell(aliases, as_json=as_json)


@click.command("aliases", cls=Command)
@options.store
@options.as_json
def read(*, store_url: str | None, as_json: bool) -> None:
    """Show what the aliases mean, the challenger's share and the generation."""
    _tell(opening.store(store_url).aliases(), as_json=as_json)


def _tell(aliases: Aliases, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(aliases.told(), indent=2))
        return
    table = Table(show_header=False)
    for name, value in aliases.told().items():
        table.add_row(name, "none" if value is None else str(value))
    results().print(table)

"""`kerbside model list`, `show` and `diff`: what versions there are."""

import json
from dataclasses import asdict
from typing import Any

import click
from rich.table import Table

from model_store import card_diff, options
from model_store.card import ModelCard
from model_store.command_line import Command, results
from model_store.commands import card_table, opening
from model_store.errors import ArtifactError
from model_store.store import ModelStore


@click.command("list", cls=Command)
@options.store
@options.as_json
def list_versions(*, store_url: str | None, as_json: bool) -> None:
    """List the versions in the store and what the aliases mean.

    A version that is damaged or not trusted is listed with the reason.
    """
    store = opening.store(store_url)
    aliases = store.aliases()
    cards = {version: _card_or_reason(store, version) for version in store.versions()}
    if as_json:
        rows = [
            _row(version, card, aliases.of(version)) for version, card in cards.items()
        ]
        record = {"aliases": aliases.told(), "versions": rows}
        click.echo(json.dumps(record, indent=2))
        return
    table = Table("version", "name", "aliases", "as of", "MdAPE %", "covers %")
    table.caption = f"generation {aliases.generation}"
    for version, card in cards.items():
        carried = ", ".join(aliases.of(version))
        if isinstance(card, str):
            table.add_row(version, f"refused: {card}", carried, style="red")
            continue
        figures = [str(card.metrics.get(key, "")) for key in ("mdape", "coverage")]
        table.add_row(version, card.name, carried, str(card.as_of), *figures)
    results().print(table)


@click.command(cls=Command)
@click.argument("version", default="champion")
@options.store
@options.as_json
def show(*, version: str, store_url: str | None, as_json: bool) -> None:
    """Show the card of VERSION, which may be an alias."""
    store = opening.store(store_url)
    card_table.show(store, store.card(store.resolve(version)), as_json=as_json)


@click.command(cls=Command)
@click.argument("version")
@click.argument("other", default="champion")
@options.store
@options.as_json
def diff(*, version: str, other: str, store_url: str | None, as_json: bool) -> None:
    """Compare the cards of VERSION and OTHER, which may be aliases, side by side.

    Every figure of accuracy is shown; of data, range, schema and recipe what differs.
    """
    store = opening.store(store_url)
    cards = [store.card(store.resolve(name)) for name in (version, other)]
    lines = card_diff.compare(*cards)
    if as_json:
        click.echo(json.dumps([asdict(line) for line in lines], indent=2))
        return
    table = Table("", *(f"{card.version}\n{card.name}" for card in cards), "change")
    for line in lines:
        change = "" if line.change is None else f"{line.change:+.6g}"
        table.add_row(line.field, _cell(line.one), _cell(line.other), change)
    results().print(table)


def _card_or_reason(store: ModelStore, version: str) -> ModelCard | str:
    try:
        return store.card(version)
    except ArtifactError as error:
        return str(error)


def _row(version: str, card: ModelCard | str, aliases: list[str]) -> dict[str, Any]:
    if isinstance(card, str):
        return {"version": version, "aliases": aliases, "refused": card}
    return card.to_dict() | {"aliases": aliases}


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)

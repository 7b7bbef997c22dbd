"""The card of a version on a terminal."""

import json

import click
from rich.table import Table

from model_store.card import ModelCard
from model_store.command_line import results
from model_store.store import ModelStore


def show(store: ModelStore, card: ModelCard, *, as_json: bool) -> None:
    """Print a card, with the aliases that mean it."""
    if as_json:
        click.echo(json.dumps(card.to_dict(), indent=2))
        return
    figures = card.metrics
    table = Table(show_header=False)
    for row in (
        ("model", card.name),
        ("version", card.version),
        ("aliases", ", ".join(store.aliases().of(card.version)) or "none"),
        ("trained at", f"{card.trained_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("prices as of", str(card.as_of)),
        ("sales", f"{card.data['sales']:,} ({card.data['licence']})"),
        ("tested on", f"{figures['n']:,} later sales, from {figures['tested_from']}"),
        ("median error", f"{figures['mdape']} %"),
        ("within 10 %", f"{figures['ppe10']} % of sales"),
        ("R2", str(figures["r2"])),
        ("median bias", f"{figures['median_bias']} %"),
        (
            f"{card.interval.level:.0%} range",
            f"held {figures['coverage']} %, mean width {figures['mean_width']} %",
        ),
        ("within one fsd", f"{figures['within_fsd']} % of sales"),
        *(("lacks", told) for told in card.data.get("lacks", ())),
    ):
        table.add_row(*row)
    results().print(table)

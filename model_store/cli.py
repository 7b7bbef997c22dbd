"""The commands behind `python -m model_store` and `kerbside model`.

Exit codes: 0 done, 1 the model store or the data set is not usable (message on
stderr), 2 wrong usage.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from model_store.card import ModelCard
from model_store.errors import ModelStoreError
from model_store.settings import ModelSettings
from model_store.store import ModelStore

_store = click.option(
    "--store",
    "store_url",
    help="Model store: a folder or a file:// URL. Default: KERBSIDE_STORE_URL.",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")


class _Told(click.Group):
    """Tells an error of this package in one sentence, with exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ModelStoreError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Told)
def cli() -> None:
    """Train models and look at them."""


@cli.command()
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Data-set definition (JSON) beside its table. Default: the shipped sales.",
)
@_store
@click.option("--name", help="Name of the model. Default: that of the data set.")
@click.option("--seed", default=0, show_default=True, help="Seed of the training.")
@click.option("--promote", is_flag=True, help="Make it the champion in any case.")
@click.option("--progress/--no-progress", default=None, help="Default: on a terminal.")
@_as_json
def train(
    *,
    data: Path | None,
    store_url: str | None,
    name: str | None,
    seed: int,
    promote: bool,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Train a model, measure it on the last period, publish it.

    It becomes the champion if there is none yet.
    """
    # Only this command loads the model stack.
    from model_store import artifact, dataset, training  # noqa: PLC0415

    store = _opened(store_url)
    with store.workshop() as folder:
        sales = dataset.load(data or dataset.SHIPPED)
        with _bar(show=progress) as step:
            trained = training.train(
                sales,
                seed=seed,
                trained_at=datetime.now(UTC).replace(microsecond=0),
                name=name,
                progress=step,
            )
        card = artifact.save(trained, folder)
        store.publish(folder)
        if promote or store.aliases().champion is None:
            store.promote(card.version)
    _show(store, card, as_json=as_json)


@cli.command("list")
@_store
@_as_json
def list_versions(*, store_url: str | None, as_json: bool) -> None:
    """List the versions in the store and what the aliases mean."""
    store = _opened(store_url)
    aliases = store.aliases()
    cards = [store.card(version) for version in store.versions()]
    if as_json:
        rows = [
            card.to_dict() | {"aliases": aliases.of(card.version)} for card in cards
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table("version", "name", "aliases", "as of", "MdAPE %", "covers %")
    for card in cards:
        figures = [str(card.metrics.get(key, "")) for key in ("mdape", "coverage")]
        carried = ", ".join(aliases.of(card.version))
        table.add_row(card.version, card.name, carried, str(card.as_of), *figures)
    Console().print(table)


@cli.command()
@click.argument("version", default="champion")
@_store
@_as_json
def show(*, version: str, store_url: str | None, as_json: bool) -> None:
    """Show the card of VERSION, which may be an alias."""
    store = _opened(store_url)
    _show(store, store.card(store.resolve(version)), as_json=as_json)


def _opened(url: str | None) -> ModelStore:
    return ModelStore(url or ModelSettings.from_env().model_store_url())


@contextmanager
def _bar(*, show: bool | None) -> Iterator[Callable[[int, int, str], None]]:
    """Draw a progress bar on stderr, by default only on a terminal."""
    console = Console(stderr=True, force_terminal=True if show else None)
    hidden = not (console.is_terminal if show is None else show)
    columns = (TextColumn("training"), BarColumn(), TaskProgressColumn())
    what = TextColumn("{task.description}")
    with Progress(*columns, what, console=console, disable=hidden) as bar:
        task = bar.add_task("reading the sales")
        yield lambda done, total, text: bar.update(
            task, completed=done, total=total, description=text
        )


def _show(store: ModelStore, card: ModelCard, *, as_json: bool) -> None:
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
    ):
        table.add_row(*row)
    Console().print(table)

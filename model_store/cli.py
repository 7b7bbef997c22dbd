"""The commands behind `python -m model_store` and `kerbside model`.

Each failure is one sentence on stderr; `_EXIT_CODES` says what each code means.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import ValidationError
from rich.table import Table

from model_store import card_diff, options
from model_store.aliases import Aliases, Post
from model_store.card import ModelCard
from model_store.command_line import Group, results
from model_store.errors import AliasesChanged, ArtifactError, ModelStoreError
from model_store.settings import PREFIX, ModelSettings
from model_store.storage import signing
from model_store.store import ModelStore

_EXIT_CODES = {
    1: "The model store or the data set is not usable.",
    3: "The aliases are not at the generation of --if-generation.",
    4: "A version is damaged or not trusted.",
    5: "The recipe misses a goal of the data set.",
}


class _Changed(click.ClickException):
    exit_code = 3


class _Refused(click.ClickException):
    exit_code = 4


class _Missed(click.ClickException):
    exit_code = 5


class _Told(Group):
    """Tells an error of this package in one sentence, with its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AliasesChanged as error:
            raise _Changed(str(error)) from error
        except ArtifactError as error:
            raise _Refused(str(error)) from error
        except ModelStoreError as error:
            raise click.ClickException(str(error)) from error


@click.group(
    cls=_Told,
    exit_codes=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
def cli() -> None:
    """Train models, look at them, and say which one prices."""


@cli.command()
@options.data
@options.store
@click.option("--name", help="Name of the model. Default: that of the data set.")
@click.option("--seed", default=0, show_default=True, help="Seed of the training.")
@click.option(
    "--promote", "case", flag_value="any", help="Make it the champion in any case."
)
@click.option(
    "--unless-champion", "case", flag_value="none", help="Do nothing if there is one."
)
@options.progress
@options.as_json
def train(
    *,
    data: Path | None,
    store_url: str | None,
    name: str | None,
    seed: int,
    case: str | None,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Train a model, measure it month by month on the last period, publish it.

    It becomes the champion if there is none yet.
    """
    # Only this command loads the model stack.
    from model_store import (  # noqa: PLC0415
        artifact,
        dataset,
        training,
    )

    settings = _settings(store_url)
    store = ModelStore.from_settings(settings)
    if case == "none" and store.aliases().champion:
        _show(store, store.card(store.resolve("champion")), as_json=as_json)
        return
    key = signing.own_key(settings)
    store.prepare()
    sales = dataset.load(data or dataset.SHIPPED)
    with options.bar("training", show=progress) as step:
        trained = training.train(
            sales,
            seed=seed,
            trained_at=datetime.now(UTC).replace(microsecond=0),
            name=name,
            progress=step,
        )
    version = store.publish(artifact.dump(trained, key))
    if case == "any" or store.aliases().champion is None:
        store.promote(version)
    _show(store, store.card(version), as_json=as_json)


@cli.command()
@options.data
@click.option("--seed", default=0, show_default=True, help="Seed of the trainings.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the report. Default: `evaluation` in the state folder.",
)
@click.option("--plots/--no-plots", default=True, help="Draw, with the extra `plots`.")
@options.progress
@options.as_json
def evaluate(
    *,
    data: Path | None,
    seed: int,
    out: Path | None,
    plots: bool,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Put the recipe to the test, month by month, and write a report with plots.

    Each month of the test period is priced by a model of the sales before it. The
    figures are held to the goals of the data set's definition.
    """
    from model_store import dataset  # noqa: PLC0415
    from model_store.assessment import assess, page  # noqa: PLC0415

    draw = _drawing() if plots else None
    out = out or _settings(None).state_dir / "evaluation"
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(
            f"cannot write to {out}: {error.strerror}"
        ) from error
    sales = dataset.load(data or dataset.SHIPPED)
    with options.bar("evaluating", show=progress) as step:
        found = assess.assess(sales, seed=seed, told=step)
    drawn = draw(found, out) if draw else {}
    report = out / "README.md"
    report.write_text(page.render(found, drawn), encoding="utf-8")
    record = page.record(found)
    (out / "figures.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(record, indent=2))
    else:
        _show_goals(page.goal_rows(found), report)
    if not found.met:
        missed = ", ".join(one.figure for one in found.checks if not one.met)
        raise _Missed(f"goals missed: {missed}")


@cli.command("list")
@options.store
@options.as_json
def list_versions(*, store_url: str | None, as_json: bool) -> None:
    """List the versions in the store and what the aliases mean.

    A version that is damaged or not trusted is listed with the reason.
    """
    store = _opened(store_url)
    aliases = store.aliases()
    cards = {version: _card_or_reason(store, version) for version in store.versions()}
    if as_json:
        rows = [
            _row(version, card, aliases.of(version)) for version, card in cards.items()
        ]
        record = {"aliases": asdict(aliases), "versions": rows}
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


@cli.command()
@click.argument("version", default="champion")
@options.store
@options.as_json
def show(*, version: str, store_url: str | None, as_json: bool) -> None:
    """Show the card of VERSION, which may be an alias."""
    store = _opened(store_url)
    _show(store, store.card(store.resolve(version)), as_json=as_json)


@cli.command()
@click.argument("version")
@click.option(
    "--as",
    "post",
    type=click.Choice(get_args(Post)),
    default="champion",
    show_default=True,
    help="What it is to be.",
)
@options.if_generation
@options.store
@options.as_json
def promote(
    *,
    version: str,
    post: Post,
    if_generation: int | None,
    store_url: str | None,
    as_json: bool,
) -> None:
    """Make VERSION, which may be an alias, the champion or the challenger.

    It is read whole first: a version that is damaged or not trusted is not promoted.
    The champion so far becomes `previous`.
    """
    store = _opened(store_url)
    aliases = store.promote(
        store.resolve(version), post=post, if_generation=if_generation
    )
    _tell(aliases, as_json=as_json)


@cli.command()
@options.if_generation
@options.store
@options.as_json
def rollback(
    *, if_generation: int | None, store_url: str | None, as_json: bool
) -> None:
    """Make the previous champion the champion again.

    The one that was champion becomes `previous`: a second rollback undoes the first.
    """
    aliases = _opened(store_url).rollback(if_generation=if_generation)
    _tell(aliases, as_json=as_json)


@cli.command()
@click.argument("version")
@click.argument("other", default="champion")
@options.store
@options.as_json
def diff(*, version: str, other: str, store_url: str | None, as_json: bool) -> None:
    """Compare the cards of VERSION and OTHER, which may be aliases, side by side.

    Every figure of accuracy is shown; of data, range, schema and recipe what differs.
    """
    store = _opened(store_url)
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


@cli.command()
@click.option("--create", is_flag=True, help="Make the key if there is none yet.")
@options.as_json
def key(*, create: bool, as_json: bool) -> None:
    """Print the public half of the key that new versions are signed with.

    The private half is at KERBSIDE_SIGNING_KEY_FILE, by default `signing-key.pem` in
    the state folder; --create makes it there for its owner alone to read, and writes
    the public half beside it. An existing key is never replaced.
    """
    path = _settings(None).own_signing_key()
    made = create and not path.exists()
    key_of = signing.SigningKey.create if create else signing.SigningKey.load
    own = key_of(path)
    if as_json:
        record = {"public_key": own.public, "file": str(path), "created": made}
        click.echo(json.dumps(record, indent=2))
    else:
        click.echo(own.public)


def _settings(url: str | None) -> ModelSettings:
    try:
        settings = ModelSettings.from_env()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise click.UsageError(f"{name}: {first['msg']}") from error
    return settings.model_copy(update={"store_url": url}) if url else settings


def _opened(url: str | None) -> ModelStore:
    return ModelStore.from_settings(_settings(url))


def _card_or_reason(store: ModelStore, version: str) -> ModelCard | str:
    try:
        return store.card(version)
    except ArtifactError as error:
        return str(error)


def _row(version: str, card: ModelCard | str, aliases: list[str]) -> dict[str, Any]:
    if isinstance(card, str):
        return {"version": version, "aliases": aliases, "refused": card}
    return card.to_dict() | {"aliases": aliases}


def _tell(aliases: Aliases, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(aliases), indent=2))
        return
    table = Table(show_header=False)
    for name, value in asdict(aliases).items():
        table.add_row(name, "none" if value is None else str(value))
    results().print(table)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def _drawing() -> Callable[..., dict[str, str]]:
    try:
        from model_store.assessment.plots import draw  # noqa: PLC0415
    except ImportError as error:
        raise click.ClickException(
            "plots need the extra `plots`: pip install 'kerbside[plots]', or ask for "
            "--no-plots"
        ) from error
    return draw


def _show_goals(rows: Iterable[tuple[str, str, str, str]], report: Path) -> None:
    table = Table("", "measured", "goal", "")
    for title, measured, goal, met in rows:
        table.add_row(
            title, measured, goal, met, style="red" if met == "MISSED" else ""
        )
    results().print(table)
    results().print(f"Report: {report}")


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
        ("within one fsd", f"{figures['within_fsd']} % of sales"),
    ):
        table.add_row(*row)
    results().print(table)

"""`kerbside model retrain`."""

import contextlib
import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from model_store import options
from model_store.archive.archive import Archive
from model_store.command_line import Command, results
from model_store.commands import opening
from model_store.storage import signing
from model_store.store import ModelStore

if TYPE_CHECKING:
    from model_store.retraining.report import Report

#: Exit codes of what is no fault: the champion stays; the sales are refused.
KEPT, BAD_DATA = 6, 7

_EXIT_CODES = {
    0: "The new model is the champion, or waits as challenger where a person decides.",
    1: "The model store, the data set or the archive is not usable.",
    3: "Somebody changed the aliases meanwhile; nothing was promoted.",
    4: "A version is damaged or not trusted.",
    KEPT: "The champion stays: the candidate was refused, there is nothing new or too "
    "little to tell, or a challenger is on trial.",
    BAD_DATA: "The sales were refused; the champion stays.",
    8: "Another retraining is under way.",
}


def _reason(_: click.Context, __: click.Parameter, given: str | None) -> str | None:
    if given is not None and not given.strip():
        raise click.BadParameter("expected a reason in words")
    return given and given.strip()


@click.command(cls=Command, exit_codes=_EXIT_CODES)
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Data-set definition (JSON) beside its table. Default: KERBSIDE_DATA_SET, or "
    "the shipped sales.",
)
@options.store
@click.option("--seed", default=0, show_default=True, help="Seed of the training.")
@click.option(
    "--promote/--no-promote",
    default=None,
    help="Whether a candidate that is fit to price becomes the champion, or the "
    "challenger. Default: KERBSIDE_PROMOTION.",
)
@click.option(
    "--scheduled",
    is_flag=True,
    help="End with 0 where the champion stays, for schedulers that take any other code "
    "for a fault.",
)
@click.option(
    "--accept-fewer",
    metavar="REASON",
    callback=_reason,
    help="Learn from fewer sales than before, as after an erasure; the reason goes to "
    "the card.",
)
@click.option(
    "--replace-challenger",
    is_flag=True,
    help="Replace a challenger that is on trial.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Promote again what was rolled back from, if these sales make it.",
)
@options.progress
@options.as_json
def retrain(  # noqa: PLR0913 - as many as there are options
    *,
    data: Path | None,
    store_url: str | None,
    seed: int,
    promote: bool | None,
    scheduled: bool,
    accept_fewer: str | None,
    replace_challenger: bool,
    again: bool,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Train on all sales there are now, and promote what proves fit to price.

    A candidate is trained on the sales before a later test, and held against the
    champion on the same sales of the test. If no rule speaks against it, its recipe is
    fitted to all sales, and that becomes the champion.
    """
    # Only here: they load the model stack.
    from model_store import dataset  # noqa: PLC0415
    from model_store.retraining import gather  # noqa: PLC0415
    from model_store.retraining.pipeline import Order, Retraining  # noqa: PLC0415

    settings = opening.settings(store_url)
    store = ModelStore.from_settings(settings)
    key = signing.own_key(settings)
    store.prepare()
    definition = data or settings.data_set or dataset.SHIPPED
    archive = Archive.of(settings)
    with contextlib.closing(archive) if archive else contextlib.nullcontext():
        order = Order(
            store=store,
            key=key,
            gather=partial(gather.gather, definition, archive),
            now=datetime.now(UTC).replace(microsecond=0),
            seed=seed,
            promote=settings.promotion == "auto" if promote is None else promote,
            fewest_tested=settings.retrain_test_sales,
            accept_fewer=accept_fewer,
            replace_challenger=replace_challenger,
            again=again,
        )
        with options.bar("retraining", show=progress) as step:
            report = Retraining(order, told=step).run()
    if as_json:
        click.echo(json.dumps(report.to_dict(), indent=2))
    else:
        _show(report)
    if report.verdict.decision == "bad_data":
        raise click.exceptions.Exit(BAD_DATA)
    if report.version is None and not scheduled:
        raise click.exceptions.Exit(KEPT)


def _show(report: "Report") -> None:
    table = Table("rule", "found", "bound", "")
    for rule in report.verdict.rules:
        kept = "kept" if rule.held else "BROKEN"
        table.add_row(
            rule.name,
            str(rule.figure),
            rule.bound,
            kept,
            style="" if rule.held else "red",
        )
    results().print(table)
    for name, figures in report.figures.items():
        if figures:
            results().print(
                f"{name}: median error {figures['mdape']} %, within 10 % "
                f"{figures['ppe10']} %, bias {figures['median_bias']} %, range held "
                f"{figures['coverage']} %, {figures['n']:,} sales"
            )
    for reason in report.verdict.reasons:
        results().print(f"- {reason}")
    results().print(_ending(report))


def _ending(report: "Report") -> str:
    if report.promoted:
        return f"Promoted: {report.version}, before it {report.champion}"
    if report.version:
        return f"Waits as challenger: {report.version}; champion {report.champion}"
    return f"Kept: {report.champion} ({report.verdict.decision})"

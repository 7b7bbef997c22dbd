"""`kerbside drift`: how priced houses differ from the sales of their model."""

import json
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from api import drift_page
from api.commands import redis_access
from api.launcher import faults, installation
from api.launcher.faults import RedisUnreachable
from model_store.command_line import Command, results
from model_store.errors import ModelStoreError
from model_store.store import ModelStore
from worker.drift import Drift
from worker.drift_states import DriftStates
from worker.seen import RECENT_HOUSES, WINDOWS, SeenHouses, Window


@click.command(cls=Command, exit_codes=faults.exit_codes(RedisUnreachable))
@click.option(
    "--window",
    type=click.Choice(WINDOWS),
    default=WINDOWS[0],
    show_default=True,
    help=f"The newest {RECENT_HOUSES} houses or more, or those of so many days.",
)
@click.option(
    "--version", default="champion", show_default=True, help="Alias or version id."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a report with plots to this file; it needs nothing beside it.",
)
def drift(*, window: Window, version: str, as_json: bool, html: Path | None) -> None:
    """Compare the houses that a model priced with the sales it was trained on.

    They are counted in the Redis at KERBSIDE_REDIS_URL, by default in that of the
    `kerbside up` which runs on the state folder.

    With --json it prints what `GET /v1/monitoring/drift` answers.
    """
    report = _report(version, window)
    if html is not None:
        html.write_text(drift_page.render(report), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(report))
        return
    if html is None:
        _show(report)


def _report(version: str, window: Window) -> dict[str, Any]:
    settings = installation.read_settings()
    store = ModelStore.from_settings(settings)
    try:
        card = store.card(store.resolve(version))
    except ModelStoreError as error:
        raise click.ClickException(str(error)) from error
    with redis_access.connected(settings) as client:
        kept = Drift(SeenHouses(client, settings), DriftStates(client))
        return kept.report(card, window)


def _show(report: dict[str, Any]) -> None:
    click.echo(
        f"{report['houses']:,} houses that {report['version']} priced, "
        f"{_minute(report['from'])} to {_minute(report['to'])} UTC; "
        f"{report['flagged']:.1%} unlike the sales."
    )
    columns = ("feature", "verdict", "psi", "limit", "ks", "limit", "missing")
    table = Table(*columns, "unknown", "flagged", "since", box=None)
    for one in report["features"]:
        table.add_row(
            escape(one["feature"]),
            " ".join([one["verdict"], *one["reasons"]]),
            *(_figure(one[name]) for name in ("psi", "psi_limit", "ks", "ks_limit")),
            *(f"{one[name]:.1%}" for name in ("missing", "unknown", "flagged")),
            _minute(one["since"]),
        )
    results().print(table)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _minute(time: str | None) -> str:
    return (time or "")[:16].replace("T", " ")

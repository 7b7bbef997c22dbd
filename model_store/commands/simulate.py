"""`kerbside model simulate`."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from model_store import options
from model_store.command_line import Command, results
from model_store.commands import opening

if TYPE_CHECKING:
    from model_store.retraining.simulation import Month

_MONTH = click.DateTime(["%Y-%m"])


@click.command(cls=Command)
@click.option("--from", "first", type=_MONTH, required=True, help="Such as 2014-11.")
@click.option("--to", "last", type=_MONTH, required=True, help="Such as 2015-05.")
@options.data
@click.option(
    "--quick", is_flag=True, help="Fewer trees: a first look, in a third of the time."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the report. Default: `simulation` in the state folder.",
)
@click.option("--plots/--no-plots", default=True, help="Draw, with the extra `plots`.")
@options.as_json
def simulate(
    *,
    first: datetime,
    last: datetime,
    data: Path | None,
    quick: bool,
    out: Path | None,
    plots: bool,
    as_json: bool,
) -> None:
    """Replay time: months pass, sales arrive, the pipeline retrains, verdicts fall.

    A first model is trained on what was sold before. Each month's sales are priced by
    it, and by the model that retrainings had made the champion by then.
    """
    from model_store import dataset  # noqa: PLC0415
    from model_store.recipe.pipelines import Recipe  # noqa: PLC0415
    from model_store.retraining import simulation  # noqa: PLC0415

    draw = _drawing() if plots else None
    settings = opening.settings(None)
    out = out or settings.state_dir / "simulation"
    out.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(trees=330, learning_rate=0.075) if quick else Recipe()
    fewest = settings.retrain_test_sales
    sales = dataset.load(data or dataset.SHIPPED)
    with options.bar("replaying", show=None) as step:
        months = simulation.simulate(
            sales,
            first.date(),
            last.date(),
            recipe=recipe,
            fewest_tested=fewest,
            told=step,
        )
    made_of = simulation.ingredients(sales, recipe, fewest)
    record = simulation.record(months, made_of)
    (out / "figures.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
    if draw:
        draw(months, out)
    if as_json:
        click.echo(json.dumps(record, indent=2))
    else:
        _show(months, out)


def _drawing() -> Callable[..., None]:
    try:
        from model_store.retraining.chart import draw  # noqa: PLC0415
    except ImportError as error:
        raise click.ClickException(
            "plots need the extra `plots`: pip install 'kerbside[plots]', or ask for "
            "--no-plots"
        ) from error
    return draw


def _show(months: "list[Month]", out: Path) -> None:
    table = Table(
        "month",
        "sales",
        "static MdAPE %",
        "retrained MdAPE %",
        "bias %",
        "covers %",
        "at its end",
    )
    for month in months:
        now = month.retrained
        table.add_row(
            month.month,
            f"{month.sales:,}",
            str(month.static["mdape"]),
            str(now["mdape"]),
            str(now["median_bias"]),
            str(now["coverage"]),
            month.decision or "",
        )
    results().print(table)
    results().print(f"Report: {out}")

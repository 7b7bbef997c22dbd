"""`kerbside model evaluate`."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from rich.table import Table

from model_store import options
from model_store.command_line import Command, results
from model_store.commands import opening


class Missed(click.ClickException):
    """The recipe misses a goal of the data set."""

    exit_code = 5


@click.command(cls=Command)
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
    out = out or opening.settings(None).state_dir / "evaluation"
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
        raise Missed(f"goals missed: {missed}")


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

"""`kerbside model review-sample`."""

import contextlib
import json
from pathlib import Path

import click

from model_store import options
from model_store.command_line import Command
from model_store.commands import opening


@click.command("review-sample", cls=Command)
@click.option(
    "--n",
    "count",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Predictions to draw.",
)
@click.option("--seed", default=0, show_default=True, help="Another one draws others.")
@click.option("--version", help="Only predictions of this version. Default: all.")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The CSV file, for you alone: it holds houses.",
)
@options.as_json
def review_sample(
    *, count: int, seed: int, version: str | None, out: Path, as_json: bool
) -> None:
    """Draw archived predictions at random into a table that a reviewer fills in.

    Each prediction is as likely as any other, and the same seed draws the same ones.

    With --json it prints {"file", "ids"}.
    """
    # Only this command needs a database.
    from model_store import review  # noqa: PLC0415
    from model_store.archive import export  # noqa: PLC0415

    with contextlib.closing(opening.archive(None)) as archive:
        ids = review.draw(archive, count, seed, version)
        with export.replaced(out) as beside:
            beside.write_text(review.table(archive, ids), encoding="utf-8")
    if as_json:
        click.echo(json.dumps({"file": str(out), "ids": list(ids)}, indent=2))
    else:
        click.echo(f"{len(ids)} predictions, written to {out}")

"""`kerbside model review-sample`."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from model_store import options
from model_store.command_line import Command
from model_store.commands import opening

if TYPE_CHECKING:
    # Only this command, once it runs, needs a database.
    from model_store.review import Allocation, Part


@click.command("review-sample", cls=Command)
@options.sample_size
@options.sample_seed
@options.sample_version
@options.sample_by
@options.sample_allocation
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The CSV file, for you alone: it holds houses.",
)
@options.as_json
def review_sample(
    *,
    count: int,
    seed: int,
    version: str | None,
    by: str | None,
    allocation: "Allocation",
    out: Path,
    as_json: bool,
) -> None:
    """Draw archived predictions at random into a table that a reviewer fills in.

    Each prediction is as likely as any other, with --by as any other of its group, and
    the same seed draws the same ones. The table says for how many predictions each
    stands. `kerbside model` writes down who drew which sample, in the audit log.

    With --json it prints {"file", "ids", "strata": [{"stratum", "predictions",
    "drawn"}]}; without --by there is one stratum, of no name.
    """
    from model_store import review  # noqa: PLC0415
    from model_store.archive import export  # noqa: PLC0415

    with contextlib.closing(opening.archive(None)) as archive:
        parts = review.draw(archive, count, seed, version, by=by, allocation=allocation)
        with export.replaced(out) as beside:
            beside.write_text(review.table(archive, parts), encoding="utf-8")
    if as_json:
        click.echo(json.dumps({"file": str(out), **_record(parts)}, indent=2))
        return
    for part in parts if by else ():
        click.echo(f"{by} {part.stratum}: {len(part.ids)} of {part.predictions}")
    drawn = sum(len(part.ids) for part in parts)
    click.echo(f"{drawn} predictions, written to {out}")


def _record(parts: "Sequence[Part]") -> dict[str, object]:
    strata = [
        {
            "stratum": part.stratum,
            "predictions": part.predictions,
            "drawn": len(part.ids),
        }
        for part in parts
    ]
    return {"ids": [one for part in parts for one in part.ids], "strata": strata}

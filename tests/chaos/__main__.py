"""`python -m tests.chaos`: real processes are killed, frozen and cut off under load.

Exit status 0: every invariant held; 1: one was broken; 2: called wrongly.
"""

import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from tests.chaos import report, runner
from tests.chaos.houses import Houses, MadeUpHouses, RealHouses
from tests.chaos.rows import ROWS, Row
from tests.chaos.runner import Outcome

_SEED = 20150527

#: Progress goes to stderr, so that `--json` leaves stdout to the document.
_progress = Console(stderr=True)


@click.command()
@click.option("--short", is_flag=True, help="Fewer faults, for CI.")
@click.option(
    "--row",
    "names",
    multiple=True,
    type=click.Choice([row.name for row in ROWS]),
    help="Only this row; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, not a table.")
@click.option("--seed", default=_SEED, show_default=True, help="Seed of every choice.")
def main(*, short: bool, names: Sequence[str], as_json: bool, seed: int) -> None:
    """Kill, freeze and flood a real installation; nothing may be lost."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="kerbside-chaos-"))
    rows = [row for row in ROWS if not names or row.name in names]
    _progress.print(f"{len(rows)} rows, seed {seed}")
    kept = True
    try:
        outcomes, complete = _run_all(rows, folder, short=short, seed=seed)
        kept = not (complete and report.is_whole(outcomes))
    except KeyboardInterrupt:
        kept = False
        _progress.print("Interrupted; every process has ended.")
        sys.exit(130)
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        click.echo(report.as_json(outcomes, seed=seed, short=short))
    else:
        report.show(outcomes)
    _progress.print(f"{time.monotonic() - began:.0f} s in all, seed {seed}")
    if kept:
        _progress.print(f"[red]Not whole.[/] The logs of all processes: {folder}")
    sys.exit(int(kept))


def _run_all(
    rows: Sequence[Row], folder: Path, *, short: bool, seed: int
) -> tuple[list[Outcome], bool]:
    """Run the rows; return the outcomes and whether every row came to its end."""
    outcomes, complete = [], True
    supplies: dict[bool, Houses] = {}
    for row in rows:
        _progress.print(f"  {row.name} ...")
        try:
            supply = supplies.get(row.real_model) or _houses(row, folder)
            supplies[row.real_model] = supply
            where = folder / row.name
            outcome = runner.run(row, supply, where, short=short, seed=seed)
        except Exception:  # noqa: BLE001 - the border of a row: the next one still runs
            complete = False
            _progress.print(f"[red]{row.name} did not come to its end[/]")
            traceback.print_exc()
            continue
        outcomes.append(outcome)
        whole = "[red]BROKEN[/]" if outcome.verdict.broken else "held"
        _progress.print(f"  {row.name}: {whole} after {outcome.took_s:.0f} s")
    return outcomes, complete


def _houses(row: Row, folder: Path) -> Houses:
    if row.real_model:
        _progress.print("  training a small model")
        return RealHouses(folder / "models")
    return MadeUpHouses(folder / "stand-in")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()

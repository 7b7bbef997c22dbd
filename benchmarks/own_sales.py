"""`python -m benchmarks.own_sales`: what a table of somebody's own takes, by its size.

A table that looks like the shipped sales is made, and each command of
docs/howto/own-sales.md runs on it as a process of its own, on one thread. The champion
is trained on all but the last sales, which the retraining brings.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.settings import child_environment
from benchmarks import machine, made_up_sales

#: What is measured, in this order: each needs what those before it wrote.
STEPS = ("init", "evaluate", "train", "price", "retrain")
#: Share of the sales that come after the training: about a month of the year.
_LATER = 1 / 12


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took.

    Attributes:
        elapsed_s: By the clock on the wall.
        processor_s: Of the processor, its own and the system's.
        peak_mb: Of memory, at most.
    """

    elapsed_s: float
    processor_s: float
    peak_mb: float


def main() -> int:
    """Run the commands and print a row for each."""
    options = _options()
    print(f"{options.rows:,} sales; seconds, of the processor, MB at most", flush=True)
    for name, value in machine.described():
        print(f"{name}: {value}", flush=True)
    with tempfile.TemporaryDirectory(prefix="own-sales-") as folder:
        sales = Path(folder) / "sales.csv"
        _write(sales, options.rows, options.seed)
        for step in STEPS[: STEPS.index(options.until) + 1]:
            if step == "train":
                later = withhold(sales)
            elif step == "retrain":
                with sales.open("ab") as table:
                    table.write(later)
            spent = run(_command(step, sales), Path(folder))
            print(
                f"| {step} | {spent.elapsed_s:.0f} | {spent.processor_s:.0f} "
                f"| {spent.peak_mb:.0f} |",
                flush=True,
            )
    return 0


def withhold(sales: Path) -> bytes:
    """Take the last lines out of a table and return them."""
    with sales.open("rb+") as table:
        table.seek(round(sales.stat().st_size * (1 - _LATER)))
        table.readline()
        at = table.tell()
        later = table.read()
        table.truncate(at)
    return later


def run(command: Sequence[str], state: Path) -> Spent:
    """Run a command to its end, its bar on this terminal.

    Args:
        command: Words.
        state: Folder of its installation.

    Raises:
        SystemExit: It failed.
    """
    began = time.monotonic()
    environment = child_environment(KERBSIDE_STATE_DIR=str(state), OMP_NUM_THREADS="1")
    program = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode:
        sys.exit(f"{' '.join(command)} ended with {program.returncode}")
    processor_s = used.ru_utime + used.ru_stime
    return Spent(time.monotonic() - began, processor_s, used.ru_maxrss / 1024)


def _write(sales: Path, rows: int, seed: int) -> None:
    """Write the table in a process of its own, so that this one stays small.

    Linux counts what a process has held as held by all that it starts later.
    """
    writing = multiprocessing.get_context("spawn").Process(
        target=made_up_sales.write, args=(sales, rows, seed)
    )
    writing.start()
    writing.join()
    if writing.exitcode:
        sys.exit(f"the table was not written: {writing.exitcode}")


def _command(step: str, sales: Path) -> list[str]:
    definition = str(sales.with_suffix(".json"))
    python, store = sys.executable, [sys.executable, "-m", "model_store"]
    return {
        "init": [
            *(*store, "init", str(sales), "--target", "price", "--date", "date"),
            *("--currency", "USD"),
        ],
        "train": [*store, "train", "--data", definition],
        "price": [python, "-m", "benchmarks.priced_examples"],
        "evaluate": [*store, "evaluate", "--data", definition, "--no-plots"],
        "retrain": [*store, "retrain", "--data", definition],
    }[step]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.own_sales", description=__doc__
    )
    parser.add_argument("--rows", type=int, default=200_000, help="sales of the table")
    parser.add_argument(
        "--seed", type=int, default=0, help="another one, another table"
    )
    parser.add_argument(
        "--until", choices=STEPS, default=STEPS[-1], help="the last command to run"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks`: measure, print the report, write docs/benchmarks.md."""

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from rich.console import Console

from benchmarks import bench as measuring
from benchmarks import machine, quick_model, report
from benchmarks.bench import PARTS, Bench
from benchmarks.load import LoadError
from benchmarks.plan import FULL, SHORT
from benchmarks.programs import ROOT, ProgramFailed
from benchmarks.report import Report
from model_store.errors import ModelStoreError
from model_store.settings import ModelSettings
from model_store.store import ModelStore
from worker.supervision.embedded import EmbeddedError

_PAGE = ROOT / "docs" / "benchmarks.md"

#: Columns where nobody says how wide the screen is, as in a log of CI.
_LOG_WIDTH = 130

_ENDED = """\
Exit codes: 0 measured, whatever the figures; 1 a stack failed or there is no model to
measure; 130, 143 ended by a signal. Everything that was started is ended with it."""


def main() -> int:
    """Run the benchmark."""
    options = _options()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[{time.monotonic() - began:4.0f} s] {line}", markup=False)

    found = Report(datetime.now(UTC).replace(microsecond=0), machine.described())
    found.raw["load_average_before"] = machine.load_average()
    try:
        with _terminated(), tempfile.TemporaryDirectory(prefix="bench-") as folder:
            store = _store(options, Path(folder), say)
            plan = SHORT if options.short else FULL
            bench = Bench(
                plan=plan,
                folder=Path(folder),
                store=store,
                say=say,
                only=options.only or PARTS,
            )
            bench.run(found)
    except (ProgramFailed, LoadError, EmbeddedError, ModelStoreError) as failure:
        console.print(f"The benchmark cannot go on: {failure}", style="red")
        return 1
    except KeyboardInterrupt:
        console.print("Ended; nothing is left running.")
        return 130
    found.minutes = (time.monotonic() - began) / 60
    console.print(report.for_terminal(found))
    _write(found, console, is_whole=not (options.short or options.only))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, epilog=_ENDED
    )
    parser.add_argument(
        "--short",
        action="store_true",
        help="rough figures within three minutes; writes no page",
    )
    parser.add_argument(
        "--store",
        help="model store whose champion is measured; default: a model is trained",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=PARTS,
        help="measure this part, may be repeated; writes no page",
    )
    return parser.parse_args()


def _store(
    options: argparse.Namespace, folder: Path, say: Callable[[str], None]
) -> ModelStore:
    if options.store:
        settings = ModelSettings.from_env()
        return ModelStore.from_settings(
            settings.model_copy(update={"store_url": options.store})
        )
    say("Training the model that ships")
    if options.short:
        return quick_model.trained(folder / "trained")
    return measuring.trained(folder / "trained")


def _write(found: Report, console: Console, *, is_whole: bool) -> None:
    if not is_whole:
        console.print("Not a full run: docs/benchmarks.md is left as it is.")
        return
    _PAGE.write_text(report.as_markdown(found))
    _PAGE.with_suffix(".json").write_text(report.as_json(found))
    console.print(
        f"Written: {_PAGE.relative_to(ROOT)}, with the raw figures beside it."
    )


@contextlib.contextmanager
def _terminated() -> Iterator[None]:
    """Let SIGTERM end the programs too."""

    def leave(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.autoscaling`: play all cases; write figures, plots, tables."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import track

from benchmarks.autoscaling import check, evidence, page, plots, sizing, tables
from benchmarks.autoscaling.arrivals import SCENARIOS
from benchmarks.autoscaling.cases import PRICE_GOAL_S, Case, cases
from benchmarks.autoscaling.figures import summarised
from benchmarks.autoscaling.shipped import SHIPPED
from benchmarks.autoscaling.simulation import POD_START_S, Course, Setup, run
from benchmarks.programs import ROOT

#: Where figures and plots are kept, and the page that shows them.
FOLDER, PAGE = ROOT / "docs" / "scale", ROOT / "docs" / "scale.md"
#: Every run sees the same jobs come.
SEED = 20150527
#: The table whose cases are drawn.
_DRAWN = "triggers"


def main() -> int:
    """Run the simulation."""
    options = _options()
    console = Console(stderr=True)
    played: dict[str, dict[str, Course]] = {}
    courses = []
    turns = list(_turns())
    for case, scenario in track(turns, "Simulating", console=console, transient=True):
        course = play(case, scenario)
        courses.append(told(case, scenario, course))
        if case.table == _DRAWN:
            played.setdefault(scenario, {})[case.name] = course
    found = report(courses)
    if options.json:
        sys.stdout.buffer.write(_json(found))
        return 0
    _write(options.out, found, played)
    console.print(f"Written: {options.out}")
    return 0


def play(case: Case, scenario: str) -> Course:
    """Put a case through a scenario."""
    setup = Setup(
        lane=case.lane,
        trigger=case.settings.trigger(),
        bounds=case.settings.bounds(),
        pod_start_s=case.pod_start_s,
    )
    return run(setup, SCENARIOS[scenario], seed=SEED)


def told(case: Case, scenario: str, course: Course) -> dict[str, Any]:
    """Return what a course came to."""
    return {
        "table": case.table,
        "case": case.name,
        "scenario": scenario,
        "goal_s": case.goal_s,
        "figures": asdict(summarised(course, case.lane.rate, case.goal_s)),
    }


def report(courses: list[dict[str, Any]]) -> dict[str, Any]:
    """Return everything that is kept."""
    lane = evidence.predictions()
    return {
        "seed": SEED,
        "pod_start_s": POD_START_S,
        "settings": {name: one.values() for name, one in SHIPPED.items()},
        "worker": {**asdict(lane), "rate": lane.rate},
        "courses": courses,
    }


def all_tables(found: dict[str, Any]) -> dict[str, str]:
    """Return every table that the page may show."""
    return {
        **tables.of_courses(found["courses"]),
        **tables.of_settings(found["settings"]),
        **tables.of_check(orjson.loads(check.FILE.read_bytes())),
        **sizing.tables(),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.autoscaling", description=__doc__
    )
    parser.add_argument(
        "--out", type=Path, default=FOLDER, help="folder to write to (docs/scale)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the figures and write nothing"
    )
    return parser.parse_args()


def _turns() -> Iterator[tuple[Case, str]]:
    for case in cases():
        for scenario in case.scenarios:
            yield case, scenario


def _json(found: dict[str, Any]) -> bytes:
    return orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n"


def _write(
    folder: Path, found: dict[str, Any], played: dict[str, dict[str, Course]]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "simulation.json").write_bytes(_json(found))
    rate = evidence.predictions().rate
    for scenario, courses in played.items():
        file = folder / f"{scenario}.png"
        plots.draw(file, SCENARIOS[scenario], courses, rate, PRICE_GOAL_S)
    if folder.resolve() == FOLDER and PAGE.exists():
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(page.filled(text, all_tables(found)), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

"""One run of the benchmark: what is measured, in which order."""

import subprocess
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from api.settings import child_environment
from benchmarks import (
    backlog,
    batch_findings,
    bell,
    beside,
    bulk,
    comparison,
    findings,
    hanging,
    houses,
    latency,
    load,
    single,
    stacks,
    stored,
    trial,
    waiters,
)
from benchmarks.comparison import Side
from benchmarks.load import LoadError
from benchmarks.plan import Plan
from benchmarks.programs import ProgramFailed
from benchmarks.report import Report
from benchmarks.stacks import Running
from model_store.settings import ModelSettings
from model_store.store import ModelStore

#: What can be measured on its own.
PARTS = (
    *("single", "stacks", "depth", "workers", "waiters", "hanging", "trial"),
    *("batch", "beside", "stored", "bell"),
)
#: Jobs before anything is measured: every process has priced some by then.
_WARM_UP = {"tutorial": 40, "Kerbside": 500}
#: Houses that both stacks must price alike before anything is measured.
_COMPARED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a run needs to know.

    Attributes:
        plan: How much of each measurement is done.
        folder: For everything that the run leaves behind until its end.
        store: The model store whose champion is measured.
        say: Gets a line about each step.
        only: The parts that are measured.
    """

    plan: Plan
    folder: Path
    store: ModelStore
    say: Callable[[str], None]
    only: Collection[str] = PARTS

    def run(self, report: Report) -> None:
        """Measure everything and tell it to the report."""
        drawn = houses.draw()
        for name, measure in self._parts().items():
            if name in self.only:
                measure(report, drawn)

    def _parts(self) -> dict[str, Callable[[Report, list[dict[str, Any]]], None]]:
        measures = (
            self._single,
            self._stacks,
            self._depths,
            self._scaling,
            self._waiters,
            self._hanging,
            self._trial,
            self._batch,
            self._beside,
            self._stored,
            self._bell,
        )
        return dict(zip(PARTS, measures, strict=True))

    def _single(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        self.say("One house: the predictor against the pipelines")
        files = self.store.files(self.store.resolve("champion"))
        seen = single.measure(files, drawn[: self.plan.single_houses])
        report.raw["single"] = asdict(seen)
        report.add(findings.of_single(seen))

    def _stacks(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        self.say("Starting both stacks")
        with (
            stacks.tutorial(self.folder / "tutorial", self.store) as tutorial,
            stacks.kerbside(self.folder / "kerbside", self.store) as kerbside,
        ):
            _warm_up(tutorial, kerbside, drawn)
            self._latency(report, tutorial, kerbside, drawn)
            sides = (
                Side(tutorial, self.plan.tutorial_jobs),
                Side(kerbside, self.plan.kerbside_jobs),
            )
            self._loaded(report, sides, drawn)
            if self.plan.flower_rounds:
                self._with_flower(report, sides, drawn)
        report.add(findings.SETTINGS)

    def _latency(
        self,
        report: Report,
        tutorial: Running,
        kerbside: Running,
        drawn: list[dict[str, Any]],
    ) -> None:
        self.say("Idle: submit to result")
        seen = latency.measure(
            tutorial.target, kerbside.target, drawn, turns=self.plan.latency_turns
        )
        report.raw["latency"] = asdict(seen)
        report.add(findings.of_latency(seen))

    def _loaded(
        self, report: Report, sides: tuple[Side, Side], drawn: list[dict[str, Any]]
    ) -> None:
        slow, fast = comparison.alternate(
            sides, drawn, rounds=self.plan.rounds, told=self._under("Loaded")
        )
        self.say("Loaded: what a poll costs")
        polls = [comparison.poll_cost_ms(side.running, drawn) for side in sides]
        report.raw["loaded"] = {
            "tutorial": [asdict(one) for one in slow],
            "kerbside": [asdict(one) for one in fast],
            "poll_ms": polls,
        }
        report.add(
            findings.of_load(slow, fast),
            findings.of_one_poll(slow, fast, (polls[0], polls[1])),
            findings.parts_of_load("Loaded", [("tutorial", slow), ("Kerbside", fast)]),
        )

    def _with_flower(
        self, report: Report, sides: tuple[Side, Side], drawn: list[dict[str, Any]]
    ) -> None:
        self.say("Starting Flower on both")
        for side in sides:
            side.running.start_flower()
        slow, fast = comparison.alternate(
            sides,
            drawn,
            rounds=self.plan.flower_rounds,
            told=self._under("Loaded, with Flower"),
        )
        report.raw["with_flower"] = {
            "tutorial": [asdict(one) for one in slow],
            "kerbside": [asdict(one) for one in fast],
        }
        rows = [("tutorial", slow), ("Kerbside", fast)]
        report.add(
            findings.of_flower(slow, fast),
            findings.parts_of_load("Loaded, with Flower on in both", rows),
        )

    def _depths(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        seen = backlog.depths(
            self.folder,
            self.store,
            drawn,
            levels=self.plan.levels,
            rounds=self.plan.depth_rounds,
            told=self._under("Depth"),
        )
        report.raw["depths"] = asdict(seen)
        report.add(findings.of_depths(seen))

    def _scaling(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        seen = backlog.scaling(
            self.folder,
            self.store,
            drawn,
            rounds=self.plan.scaling_rounds,
            seconds=self.plan.scaling_s,
            told=self._under("Workers"),
        )
        report.raw["scaling"] = asdict(seen)
        report.add(findings.of_scaling(seen))

    def _waiters(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        seen = waiters.measure(
            self.folder,
            self.store,
            drawn,
            rounds=self.plan.waiter_rounds,
            seconds=self.plan.waiter_s,
            told=self._under("Waiters"),
        )
        report.raw["waiters"] = seen.summary()
        report.add(*findings.of_waiters(seen))

    def _hanging(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        seen = hanging.measure(
            self.folder,
            self.store,
            drawn,
            rounds=self.plan.hanging_rounds,
            seconds=self.plan.hanging_s,
            told=self._under("Hanging receivers"),
        )
        report.raw["hanging"] = seen.summary()
        report.add(findings.of_hanging(seen))

    def _trial(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        seen = trial.measure(
            self.folder,
            self.store,
            drawn,
            jobs=self.plan.trial_jobs,
            houses=self.plan.trial_houses,
            told=self._under("Challenger"),
        )
        report.raw["trial"] = asdict(seen)
        report.add(findings.of_trial(seen))

    def _batch(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        seen = bulk.measure(
            self.folder,
            self.store,
            drawn,
            rows=self.plan.batch_rows,
            rounds=self.plan.batch_rounds,
            told=self._under("Batch"),
        )
        report.raw["batch"] = asdict(seen)
        report.add(*batch_findings.of_bulk(seen))

    def _beside(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        seen = beside.measure(
            self.folder,
            self.store,
            drawn,
            rows=self.plan.beside_rows,
            rounds=self.plan.beside_rounds,
            seconds=self.plan.beside_s,
            told=self._under("Beside a batch"),
        )
        report.raw["beside"] = seen.summary()
        report.add(batch_findings.of_beside(seen))

    def _stored(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        seen = stored.measure(
            self.folder,
            self.store,
            drawn,
            reads=self.plan.stored_reads,
            jobs=self.plan.stored_jobs,
            rounds=self.plan.stored_rounds,
            told=self._under("Stored prices"),
        )
        report.raw["stored"] = asdict(seen)
        report.add(findings.of_stored(seen))

    def _bell(self, report: Report, drawn: list[dict[str, Any]]) -> None:
        if not self.plan.bell_jobs:
            return
        seen = bell.measure(
            self.folder,
            self.store,
            drawn,
            jobs=self.plan.bell_jobs,
            told=self._under("Bell"),
        )
        report.raw["bell"] = [asdict(one) for one in seen]
        report.add(findings.of_idleness(seen))

    def _under(self, heading: str) -> Callable[[str], None]:
        return lambda line: self.say(f"{heading}: {line}")


def trained(folder: Path) -> ModelStore:
    """Train the model that ships, in a store of its own, signed by a key of its own.

    Raises:
        ProgramFailed: It could not be trained.
    """
    began = time.monotonic()
    here = {"KERBSIDE_STATE_DIR": str(folder.absolute()), "KERBSIDE_STORE_URL": ""}
    whose = {"KERBSIDE_SIGNING_KEY_FILE": "", "KERBSIDE_TRUSTED_KEYS": ""}
    environment = child_environment(OMP_NUM_THREADS="1", **here, **whose)
    done = subprocess.run(
        [sys.executable, "-m", "model_store", "train", "--json"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        after = time.monotonic() - began
        raise ProgramFailed(f"no model after {after:.0f} s\n{done.stderr}")
    return ModelStore.from_settings(ModelSettings.from_env(environment))


def _warm_up(tutorial: Running, kerbside: Running, drawn: list[dict[str, Any]]) -> None:
    """Let every process price some houses; both stacks must price them alike.

    Raises:
        LoadError: They do not.
    """
    sides = (tutorial, kerbside)
    for side in sides:
        jobs = _WARM_UP[side.target.name]
        load.run(side.target, drawn, jobs=jobs, clients=comparison.CLIENTS)
    for house in drawn[:_COMPARED]:
        slow, fast = (
            load.run(side.target, [house], jobs=1, clients=1).output for side in sides
        )
        if _comparable(slow) != _comparable(fast):
            raise LoadError(f"the stacks differ: {slow} against {fast}")


def _comparable(output: dict[str, Any]) -> dict[str, Any]:
    """Return an output without the alias, which the tutorial does not know."""
    model = {k: v for k, v in output["model"].items() if k != "alias"}
    return output | {"model": model}

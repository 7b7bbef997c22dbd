"""The courses as pictures: what comes, how many workers there are, how jobs wait."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.autoscaling.arrivals import STEP_S, Curve, Scenario
from benchmarks.autoscaling.simulation import Course

#: Colours that colour-blind people can tell apart (Okabe and Ito 2008).
_COLOURS = ("#0072B2", "#009E73", "#D55E00")
_GREY = "#999999"
#: Points of a line at most: each stands for the most of its stretch.
_POINTS = 700


def draw(
    file: Path,
    scenario: Scenario,
    courses: Mapping[str, Course],
    rate: float,
    goal_s: float,
) -> None:
    """Write one picture of a scenario under all settings, as PNG.

    Args:
        file: Where to.
        scenario: What was played.
        courses: What happened, by the name of the settings.
        rate: Jobs a second of a worker.
        goal_s: Seconds within which a job is to be taken.
    """
    # No screen, no global state: a figure of its own.
    figure = Figure(figsize=(8.4, 6.6), dpi=90, layout="constrained")
    unit, per_unit_s = ("hours", 3600) if scenario.hours > 2 else ("minutes", 60)
    # Each has room of its own: one line would hide the next.
    rows = figure.subplots(len(courses) + 1, sharex=True)
    for axes, (name, course), colour in zip(
        rows, courses.items(), _COLOURS, strict=False
    ):
        _workers(axes, course, rate, colour, per_unit_s)
        axes.set_title(name, loc="left", fontsize=10)
    _waits(rows[-1], courses, rate, goal_s, per_unit_s)
    rows[-1].set_xlabel(unit)
    figure.suptitle(f"Through {scenario.title}", fontsize=12)
    figure.savefig(file, metadata={"Software": None})


def _workers(
    axes: Axes, course: Course, rate: float, colour: str, per_unit_s: int
) -> None:
    at, load = _thinned(course.arrived / STEP_S / rate, per_unit_s, mean=True)
    axes.fill_between(at, load, color=_GREY, alpha=0.35, lw=0, label="what comes")
    _, replicas = _thinned(course.replicas, per_unit_s)
    axes.step(at, replicas, color=colour, lw=1.3, where="post", label="workers")
    axes.set_ylabel("workers")
    axes.set_ylim(0, max(float(course.replicas.max()), float(load.max())) * 1.4)
    axes.legend(frameon=False, loc="upper left", ncols=2, fontsize=8)
    _plain(axes)


def _waits(
    axes: Axes,
    courses: Mapping[str, Course],
    rate: float,
    goal_s: float,
    per_unit_s: int,
) -> None:
    for (name, course), colour in zip(courses.items(), _COLOURS, strict=False):
        capacity = np.maximum(course.ready, 1) * rate
        at, waits = _thinned(course.waiting / capacity, per_unit_s)
        axes.plot(at, waits, color=colour, lw=1.2, label=name)
    axes.axhline(goal_s, color=_GREY, lw=0.9, ls="--", label=f"goal: {goal_s:g} s")
    axes.set_ylabel("wait, s")
    axes.set_ylim(bottom=0)
    axes.set_title("longest wait in each stretch", loc="left", fontsize=10)
    axes.legend(frameon=False, loc="upper right", fontsize=8, ncols=2)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0)


def _thinned(
    curve: Curve, per_unit_s: int, *, mean: bool = False
) -> tuple[Curve, Curve]:
    """Return the time, and the most or the mean of each stretch."""
    stretch = max(1, len(curve) // _POINTS)
    rows = curve[: len(curve) // stretch * stretch].reshape(-1, stretch)
    at = np.arange(len(rows)) * stretch * STEP_S / per_unit_s
    return at, rows.mean(axis=1) if mean else rows.max(axis=1)

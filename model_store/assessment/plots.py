"""The plots of an assessment: what a person would rather look at than read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model_store.assessment.assess import Assessment
from model_store.recipe.calibration import FSD_LEVEL
from model_store.recipe.evaluation import fsd_groups

#: Colours that colour-blind people can tell apart (Okabe and Ito 2008).
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#777777"
#: Points of the scatter, at most.
_POINTS = 5000


def draw(assessment: Assessment, folder: Path) -> dict[str, str]:
    """Write the plots as PNG files.

    Args:
        assessment: What to draw.
        folder: Where to; it exists.

    Returns:
        Title by file name, in the order in which they are to be seen.
    """
    drawn = {}
    for name, (title, paint) in _PLOTS.items():
        # No screen, no global state: a figure of its own.
        figure = Figure(figsize=(7.2, 4.2), dpi=120, layout="constrained")
        axes = figure.add_subplot()
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        paint(axes, assessment)
        figure.savefig(folder / f"{name}.png", metadata={"Software": None})
        drawn[f"{name}.png"] = title
    return drawn


def _error_by_month(axes: Axes, assessment: Assessment) -> None:
    months = [row["from"] for row in assessment.periods]
    at = np.arange(len(months))
    retrained = [row["mdape"] for row in assessment.periods]
    for shift, values, label, colour in (
        (-0.2, retrained, "retrained each month", _BLUE),
        (0.2, assessment.never_retrained, "never retrained", _ORANGE),
    ):
        bars = axes.bar(at + shift, values, 0.38, label=label, color=colour)
        axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=9)
    axes.set_xticks(at, [f"from {month}" for month in months])
    axes.set_ylabel("median error, % of the price paid")
    axes.legend(frameon=False, loc="upper left")
    axes.margins(y=0.2)


def _coverage_by_month(axes: Axes, assessment: Assessment) -> None:
    names = [f"from {row['from']}" for row in assessment.periods]
    shares = [row["coverage"] for row in assessment.periods]
    _coverage(axes, names, shares, assessment.level)


def _coverage_by_quintile(axes: Axes, assessment: Assessment) -> None:
    names = [f"from {row['from']:,}" for row in assessment.quintiles]
    shares = [row["coverage"] for row in assessment.quintiles]
    _coverage(axes, names, shares, assessment.level)
    axes.set_xlabel("price paid, in fifths of the sales")


def _coverage(axes: Axes, names: list[str], shares: list[float], level: float) -> None:
    bars = axes.bar(names, shares, 0.6, color=_BLUE)
    axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=9)
    promised = f"promised: {level:.0%}"
    axes.axhline(100 * level, color=_ORANGE, linewidth=1.2, label=promised)
    axes.set_ylim(70, 104)
    axes.set_ylabel("sales within the range, %")
    axes.legend(frameon=False, loc="upper right")


def _predicted_against_sold(axes: Axes, assessment: Assessment) -> None:
    outcome = assessment.outcome
    step = max(1, len(outcome.sold) // _POINTS)
    sold, price = outcome.sold[::step], outcome.price[::step]
    axes.scatter(sold, price, s=4, alpha=0.3, color=_BLUE, linewidths=0)
    ends = np.array([sold.min(), sold.max()])
    axes.plot(ends, ends, color=_ORANGE, linewidth=1.2, label="right")
    for factor in (0.8, 1.25):
        axes.plot(ends, ends * factor, color=_GREY, linewidth=0.8, linestyle="--")
    axes.plot([], [], color=_GREY, linestyle="--", label="a fifth off")
    axes.set(xscale="log", yscale="log", xlabel="price paid", ylabel="price given")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))
        axis.set_minor_formatter(mpl.ticker.NullFormatter())
    axes.legend(frameon=False)


def _fsd_calibration(axes: Axes, assessment: Assessment) -> None:
    groups = fsd_groups(assessment.outcome)
    said, was = ([group[name] for group in groups] for name in ("said", "was"))
    top = max(*said, *was) * 1.08
    axes.plot([0, top], [0, top], color=_ORANGE, linewidth=1.2, label="honest")
    axes.plot(said, was, "o-", color=_BLUE, label="tenths of the sales")
    axes.set(xlim=(0, top), ylim=(0, top))
    axes.set_xlabel("forecast standard deviation given, % of the price")
    axes.set_ylabel(f"error that {FSD_LEVEL:.0%} stayed below, %")
    axes.legend(frameon=False, loc="upper left")


_PLOTS: dict[str, tuple[str, Callable[[Axes, Assessment], Any]]] = {
    "error-by-month": ("Error by month", _error_by_month),
    "coverage-by-month": ("Coverage of the range by month", _coverage_by_month),
    "coverage-by-price": ("Coverage of the range by price", _coverage_by_quintile),
    "predicted-against-sold": ("Prices given and paid", _predicted_against_sold),
    "fsd-calibration": ("Is the forecast deviation honest?", _fsd_calibration),
}

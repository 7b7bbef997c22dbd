"""The chart of a replay: what becomes of a model that is left alone."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from model_store.retraining.simulation import Month

#: Colours that colour-blind people can tell apart (Okabe and Ito 2008).
_BLUE, _ORANGE = "#0072B2", "#D55E00"
#: What stands below a month whose retraining was no promotion.
_KEPT = "kept"

NAME = "static-against-retrained.png"


def draw(months: Sequence[Month], folder: Path) -> None:
    """Write the chart as a PNG file.

    Args:
        months: What happened.
        folder: Where to; it exists.
    """
    # No screen, no global state: a figure of its own.
    figure = Figure(figsize=(7.2, 4.2), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    at = range(len(months))
    for label, colour, above, errors in (
        ("never retrained", _ORANGE, True, [m.static["mdape"] for m in months]),
        ("retrained", _BLUE, False, [m.retrained["mdape"] for m in months]),
    ):
        axes.plot(at, errors, "o-", color=colour, label=label)
        for x, error in zip(at, errors, strict=True):
            axes.annotate(
                f"{error:.1f}",
                (x, error),
                xytext=(0, 7 if above else -14),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=colour,
            )
    kept = [month.decision not in {None, "promote"} for month in months]
    names = [
        f"{month.month}\n{_KEPT}" if stays else month.month
        for month, stays in zip(months, kept, strict=True)
    ]
    axes.set_xticks(list(at), names)
    axes.set_ylabel("median error, % of the price paid")
    axes.margins(y=0.15)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="upper left")
    figure.savefig(folder / NAME, metadata={"Software": None})

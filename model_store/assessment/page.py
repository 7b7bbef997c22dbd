"""The report of an assessment as a Markdown page."""

from collections.abc import Mapping, Sequence
from typing import Any

from model_store.assessment.assess import Assessment, Verdict

#: What a figure is called for people, and its unit.
TITLES = {
    "mdape": ("median error", "%"),
    "ppe10": ("within 10 % of the price paid", "%"),
    "ppe20": ("within 20 % of the price paid", "%"),
    "r2": ("R2 of the prices", ""),
    "median_bias": ("median bias", "%"),
    "worst_period_bias": ("median bias of the worst month", "%"),
    "coverage": ("range held the price paid", "%"),
    "least_period_coverage": ("the same, worst month", "%"),
    "least_quintile_coverage": ("the same, worst fifth by price", "%"),
    "mean_width": ("mean width of the range", "% of the price"),
    "within_fsd": ("within one forecast deviation", "%"),
    "gain_over_never_retrained": ("gained by retraining, last month", "points"),
    "false_alarms": ("real houses flagged", "%"),
    "least_caught": ("flagged of the mistake least caught", "%"),
}
_COLUMNS = ("n", "mdape", "ppe10", "ppe20", "median_bias", "coverage", "mean_width")


def render(assessment: Assessment, plots: Mapping[str, str]) -> str:
    """Return the page.

    Args:
        assessment: What is told.
        plots: Title of each plot by file name, beside the page.
    """
    figures = assessment.figures
    parts = [
        f"# How good the prices are: {assessment.dataset}",
        "Rolled month by month: every sale is priced by a model of the sales before "
        f"its month, calibrated on the months before. {figures['n']:,} sales, "
        f"{'all goals met' if assessment.met else 'GOALS MISSED'}.",
        _goals(assessment),
        "## By month",
        _table("from", assessment.periods),
        "## By price paid",
        _table("from", assessment.quintiles),
        "## Mistakes in what is asked",
        "Each house of the test again, with one mistake: the share that is flagged.",
        _rows(("mistake", "flagged %"), assessment.unit_errors.items()),
        *(f"## {title}\n\n![{title}]({name})" for name, title in plots.items()),
    ]
    return "\n\n".join(parts) + "\n"


def goal_text(verdict: Verdict) -> str:
    """Return a goal in words."""
    low, high = verdict.goal.at_least, verdict.goal.at_most
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"


def title(figure: str) -> str:
    """Return what a figure is called, with its unit."""
    name, unit = TITLES.get(figure, (figure, ""))
    return f"{name}, {unit}" if unit else name


def _goals(assessment: Assessment) -> str:
    held = {verdict.figure: verdict for verdict in assessment.verdicts}
    return _rows(
        ("figure", "measured", "goal", ""),
        (
            (
                title(name),
                assessment.figures[name],
                goal_text(held[name]) if name in held else "",
                ("met" if held[name].met else "MISSED") if name in held else "",
            )
            for name in TITLES
            if name in assessment.figures
        ),
    )


def _table(first: str, rows: Sequence[Mapping[str, Any]]) -> str:
    return _rows(
        (first, *_COLUMNS), ([row[name] for name in (first, *_COLUMNS)] for row in rows)
    )


def _rows(head: Sequence[str], rows: Any) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)

"""The report of an assessment as a Markdown page."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from model_store.assessment.assess import Assessment, GoalCheck

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

_MEANING = (
    "Rolled month by month: every sale is priced by a model of the sales before its "
    "month, calibrated on the months before."
)


def render(assessment: Assessment, plots: Mapping[str, str]) -> str:
    """Return the page.

    Args:
        assessment: What is told.
        plots: Title of each plot by file name, beside the page.
    """
    figures = assessment.figures
    parts = [
        f"# How good the prices are: {assessment.dataset}",
        _MEANING,
        f"{figures['n']:,} sales, {_met(assessment)}.",
        _rows(("figure", "measured", "goal", ""), goal_rows(assessment)),
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


def _met(assessment: Assessment) -> str:
    if not assessment.checks:
        return "no goals: its data set has none"
    return "all goals met" if assessment.met else "GOALS MISSED"


def goal_rows(assessment: Assessment) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, size and goal of each figure, and whether the goal is met."""
    held = {check.figure: check for check in assessment.checks}
    for name, (title, unit) in TITLES.items():
        if name in assessment.figures:
            called = f"{title}, {unit}" if unit else title
            check = held.get(name)
            yield (
                called,
                str(assessment.figures[name]),
                _goal_text(check) if check else "",
                ("met" if check.met else "MISSED") if check else "",
            )


def record(assessment: Assessment) -> dict[str, Any]:
    """Return the assessment for a script."""
    return {
        "data_set": assessment.dataset,
        "met": assessment.met,
        "missed": [one.figure for one in assessment.checks if not one.met],
        "figures": assessment.figures,
        "periods": list(assessment.periods),
        "quintiles": list(assessment.quintiles),
        "never_retrained": list(assessment.never_retrained),
        "unit_errors": assessment.unit_errors,
    }


def _goal_text(check: GoalCheck) -> str:
    low, high = check.goal.at_least, check.goal.at_most
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"


def _table(first: str, rows: Sequence[Mapping[str, Any]]) -> str:
    return _rows(
        (first, *_COLUMNS), ([row[name] for name in (first, *_COLUMNS)] for row in rows)
    )


def _rows(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)

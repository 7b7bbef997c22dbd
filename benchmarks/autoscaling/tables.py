"""The figures as the tables that docs/scale.md shows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.autoscaling.arrivals import SCENARIOS

_HEADS = {
    "wait_p95_s": "wait p95, s",
    "wait_p99_s": "p99",
    "wait_max_s": "longest",
    "within_goal": "within the goal, %",
    "refused": "refused, %",
    "changes_per_hour": "changes an hour",
    "worker_hours": "worker-hours",
    "busy": "busy, %",
}


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def of_courses(courses: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return a table for each group of cases, by its name."""
    names = dict.fromkeys(course["table"] for course in courses)
    return {name: table(*_of_group(courses, name)) for name in names}


def _of_group(
    courses: Sequence[Mapping[str, Any]], name: str
) -> tuple[list[str], list[list[object]]]:
    group = [course for course in courses if course["table"] == name]
    return ["through", "settings", *_HEADS.values()], list(_rows(group))


def _rows(group: Sequence[Mapping[str, Any]]) -> Iterator[list[object]]:
    # What is to be compared stands beside each other.
    order = list(SCENARIOS)
    for course in sorted(group, key=lambda course: order.index(course["scenario"])):
        title = SCENARIOS[course["scenario"]].title
        figures = [course["figures"][name] for name in _HEADS]
        yield [title, course["case"], *figures]


def of_settings(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the table of the shipped settings."""
    names = list(next(iter(settings.values())))
    rows = [
        [f"`{name}`", *(_told(lane[name]) for lane in settings.values())]
        for name in names
    ]
    return {"settings": table(["", *(f"`{lane}`" for lane in settings)], rows)}


def of_check(found: Mapping[str, Any]) -> dict[str, str]:
    """Return real workers beside simulated ones."""
    rows = [
        [
            f"{100 * one['load']:.0f} %",
            f"{one['arrivals_per_s']:.1f}",
            f"{one['arrivals_per_s_told']:.1f}",
            *(
                f"{one[name]:.0f}"
                for kind in ("waiting", "running")
                for name in (kind, f"{kind}_simulated")
            ),
        ]
        for one in found["loads"]
    ]
    heads = [
        *("of the capacity", "arrivals/s", "as told"),
        *("waiting", "simulated", "running", "simulated"),
    ]
    return {"check": table(heads, rows)}


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return str(value)

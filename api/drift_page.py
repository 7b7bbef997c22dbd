"""A report on drift as one HTML file that needs nothing beside it."""

import functools
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def render(report: Mapping[str, Any]) -> str:
    """Return a report, as `GET /v1/monitoring/drift` answers it, as a page."""
    return _template().render(report=report)


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("api"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("drift_report.html")

"""Fixtures of the chart's tests."""

from functools import partial
from pathlib import Path

import pytest

from tests.chart import chart
from tests.chart.chart import HELMS, SCENARIOS, Render, Rendered


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here: `make chart` brings what they need."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("chart")


@pytest.fixture(params=HELMS)
def render(request: pytest.FixtureRequest) -> Render:
    """Return what renders the chart, once with each helm."""
    return partial(chart.template, request.param)


@pytest.fixture(
    params=[(helm, scenario) for helm in HELMS for scenario in SCENARIOS],
    ids=lambda chosen: f"{chosen[0]}-{chosen[1].stem.removesuffix('-values')}",
)
def rendered(request: pytest.FixtureRequest) -> Rendered:
    """Return the chart as each helm renders it with the values of each scenario."""
    return chart.scenario(*request.param)

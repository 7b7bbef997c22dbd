"""Time is replayed on real sales: what is left alone falls behind, the rest is told."""

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from model_store.cli import cli
from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.recipe import pipelines
from model_store.retraining import chart, simulation
from model_store.retraining.simulation import Month
from tests.model_store.conftest import Writer, other_sales
from tests.small_model import RECIPE


@pytest.fixture(scope="module")
def months(market: Dataset) -> list[Month]:
    """Return two months of the shipped sales, replayed with a small recipe."""
    first, last = dt.date(2015, 3, 1), dt.date(2015, 4, 1)
    return simulation.simulate(market, first, last, recipe=RECIPE)


def test_each_month_is_priced_by_what_was_known_before_it(months: list[Month]) -> None:
    """The first one by the model that never changes, which falls behind."""
    assert [month.month for month in months] == ["2015-03", "2015-04"]
    assert months[0].static == months[0].retrained
    assert months[0].version[:8] < "20150301"
    assert months[1].version[:8] < "20150401"
    decisions = [month.decision for month in months]
    assert decisions[-1] is None
    assert all(month.reasons for month in months[:-1])
    assert decisions[0] in {"promote", "refuse"}


def test_the_chart_is_drawn(months: list[Month], tmp_path: Path) -> None:
    """One picture, of both models."""
    chart.draw(months, tmp_path)

    assert (tmp_path / chart.NAME).read_bytes().startswith(b"\x89PNG")


def test_months_without_sales_are_refused(market: Dataset) -> None:
    """It says which months there are."""
    with pytest.raises(DatasetError, match="between 2014-05 and 2015-05"):
        simulation.simulate(market, dt.date(2016, 1, 1), dt.date(2016, 2, 1))
    with pytest.raises(DatasetError, match="no sales before 2014-05-01"):
        simulation.simulate(market, dt.date(2014, 5, 1), dt.date(2014, 6, 1))


def test_the_command_writes_figures_and_shows_a_table(
    other_market: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A market with few sales keeps its model, and is told so."""
    monkeypatch.setattr(pipelines, "Recipe", lambda: RECIPE)
    words = ["simulate", "--from", "2020-10", "--to", "2020-11", "--no-plots"]
    more = [
        "--data",
        str(other_market(rows=other_sales(1200))),
        "--out",
        str(tmp_path / "out"),
    ]

    result = CliRunner().invoke(cli, [*words, *more])

    assert result.exit_code == 0, result.output
    assert "unchanged" in result.stdout
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert [one["month"] for one in figures] == ["2020-10", "2020-11"]

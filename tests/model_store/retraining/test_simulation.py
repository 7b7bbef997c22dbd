"""Time is replayed on real sales: what is left alone falls behind, the rest is told."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from model_store import dataset
from model_store.cli import cli
from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.recipe import pipelines
from model_store.retraining import chart, simulation, validate, verdict
from model_store.retraining.simulation import Month
from model_store.retraining.trial import Trial
from model_store.settings import FEWEST_TESTED
from tests.model_store.conftest import Writer, other_sales
from tests.model_store.retraining import power
from tests.small_model import RECIPE

_DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def months(market: Dataset) -> list[Month]:
    """Return six months of the shipped sales, replayed with a small recipe."""
    first, last = dt.date(2014, 12, 1), dt.date(2015, 5, 1)
    return simulation.simulate(market, first, last, recipe=RECIPE, fewest_tested=100)


def test_each_month_is_priced_by_what_was_known_before_it(months: list[Month]) -> None:
    """The first one by the model that never changes."""
    names = ["2014-12", "2015-01", "2015-02", "2015-03", "2015-04", "2015-05"]
    assert [month.month for month in months] == names
    assert months[0].static == months[0].retrained
    assert all(month.version[:8] < month.month.replace("-", "") for month in months)
    assert months[-1].decision is None
    assert all(month.reasons for month in months[:-1])


def test_what_is_left_alone_falls_behind_and_what_is_retrained_does_not(
    months: list[Month],
) -> None:
    """As docs/howto/retrain.md shows it, with smaller models."""
    last = months[-1]

    assert "promote" in [month.decision for month in months]
    assert last.static["mdape"] > last.retrained["mdape"]
    assert last.static["median_bias"] < last.retrained["median_bias"] - 2


@pytest.fixture(scope="module")
def kept() -> Any:
    """Return the figures that the guide shows."""
    return json.loads((_DOCS / "retraining" / "figures.json").read_text())


def test_the_figures_of_the_guide_are_those_that_were_kept(kept: Any) -> None:
    """The model that was left alone is 12 % off in May, the other never above 8.2 %."""
    guide = (_DOCS / "howto" / "retrain.md").read_text()
    months = kept["months"]

    assert months[-1]["static"]["mdape"] == pytest.approx(12, abs=0.5)
    assert max(month["retrained"]["mdape"] for month in months) <= 8.2
    for month in months:
        assert f"| {' | '.join(_cells(month))} |" in guide


def test_the_figures_that_are_kept_are_of_the_present_sales_and_settings(
    kept: Any,
) -> None:
    """Whoever changes one of them replays time anew, as docs/howto/retrain.md says."""
    now = simulation.ingredients(dataset.load(), pipelines.Recipe(), FEWEST_TESTED)

    assert kept["made_of"] == now


def test_the_verdicts_that_are_kept_are_by_the_present_rules(kept: Any) -> None:
    """Whoever changes a bound replays time anew."""
    sales, ours, its = power.priced()
    looked_at = list(validate.checks(sales, None, sales.last_day))[1:]
    tried = list(verdict.rules(Trial(ours, its), sales, power.LEVEL))

    for month in kept["months"][:-1]:
        # All reasons of a promotion, in order: those of the sales come first, after
        # the archive and the dates, and those of the trial last.
        assert month["decision"] == "promote"
        reasons = month["reasons"][2 : 2 + len(looked_at)]
        reasons += month["reasons"][-len(tried) :]
        for rule, said in zip(looked_at + tried, reasons, strict=True):
            assert rule.bound in said


def test_the_figures_that_are_kept_agree_with_those_of_the_evaluation(
    kept: Any,
) -> None:
    """It has a model of October as well, and prices the same three months by it."""
    evaluated = json.loads((_DOCS / "evaluation" / "figures.json").read_text())
    static = [month["static"]["mdape"] for month in kept["months"][-3:]]

    assert static == pytest.approx(evaluated["never_retrained"], abs=0.1)


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
    assert "undecided" in result.stdout
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert [one["month"] for one in figures["months"]] == ["2020-10", "2020-11"]
    assert figures["made_of"]["recipe"]["trees"] == RECIPE.trees


def _cells(month: dict[str, Any]) -> Iterator[str]:
    yield from (month["month"], f"{month['sales']:,}")
    for name, form in (("mdape", "g"), ("median_bias", "+g"), ("coverage", "g")):
        yield from (format(month[by][name], form) for by in ("static", "retrained"))

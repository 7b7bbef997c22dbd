"""What was simulated is what is shipped, and what the page says."""

from typing import Any

import orjson
import pytest
import yaml

from benchmarks.autoscaling import page
from benchmarks.autoscaling.__main__ import FOLDER, PAGE, all_tables, play, told
from benchmarks.autoscaling.cases import SHIPPED_CASE, cases
from benchmarks.autoscaling.shipped import SHIPPED
from benchmarks.programs import ROOT
from worker.settings import WorkerSettings

VALUES = ROOT / "helm" / "kerbside" / "values.yaml"


@pytest.fixture(scope="module")
def kept() -> Any:
    """Return the figures that are kept."""
    return orjson.loads((FOLDER / "simulation.json").read_bytes())


def test_the_figures_that_are_kept_are_of_the_shipped_settings(kept: Any) -> None:
    """Whoever changes a setting runs the simulation again."""
    assert kept["settings"] == {name: one.values() for name, one in SHIPPED.items()}


def test_the_figures_that_are_kept_can_be_reckoned_again(kept: Any) -> None:
    """Whoever changes the simulation runs it again."""
    case = next(case for case in cases() if case.name == SHIPPED_CASE)

    again = told(case, "steady", play(case, "steady"))

    assert again in kept["courses"]


def test_every_table_of_the_page_has_the_figures_that_are_kept(kept: Any) -> None:
    """No figure was typed by hand, and none was forgotten."""
    text, tables = PAGE.read_text(encoding="utf-8"), all_tables(kept)

    assert set(page.named(text)) == set(tables)
    assert page.filled(text, tables) == text


def test_under_the_shipped_settings_hardly_a_price_waits_through_a_steady_load(
    kept: Any,
) -> None:
    """What decided them: the queue alone, with whole batches, swings."""
    steady = {
        course["case"]: course["figures"]
        for course in kept["courses"]
        if (course["table"], course["scenario"]) == ("triggers", "steady")
    }

    assert steady[SHIPPED_CASE]["within_goal"] == 100
    assert steady["queue, c = 128"]["changes_per_hour"] > (
        10 * steady[SHIPPED_CASE]["changes_per_hour"]
    )


def test_a_quarter_of_a_batch_is_meant() -> None:
    """Settings of the workers and of their scaling are of one piece."""
    settings = WorkerSettings()

    assert SHIPPED["predictions"].jobs_at_once == settings.batch_max // 4
    assert SHIPPED["webhooks"].jobs_at_once == round(0.7 * settings.webhook_threads)


@pytest.mark.parametrize("lane", SHIPPED)
def test_the_chart_ships_what_was_simulated(lane: str) -> None:
    """A lane's own values lie over those of every worker."""
    values = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    usual = values["workerDefaults"]["autoscaling"]
    own = values["workers"][lane]["autoscaling"]
    down = {**usual["scaleDown"], **own.get("scaleDown", {})}
    merged = {**usual, **own, "scaleDown": down}
    simulated = SHIPPED[lane].values()

    # The template works it out.
    del simulated["cooldownPeriod"]
    assert {name: merged[name] for name in simulated} == simulated

"""The report says what was measured, in a form for people and one for scripts."""

import json
from dataclasses import replace

from model_store.assessment import page
from model_store.assessment.assess import Assessment


def test_every_figure_has_a_name_for_people(assessment: Assessment) -> None:
    """None is told under the name of a variable, or not at all."""
    assert set(assessment.figures) - {"n"} == set(page.TITLES)


def test_a_missed_goal_stands_out(assessment: Assessment) -> None:
    """At the top and in its row."""
    text = page.render(assessment, {})

    assert "GOALS MISSED" in text
    assert "| at least 100.5 | MISSED |" in text
    assert "| at most 50 | met |" in text


def test_without_goals_none_is_said_to_be_met(assessment: Assessment) -> None:
    """The data set of another market has none, unless its owner sets some."""
    text = page.render(replace(assessment, checks=()), {})

    assert "no goals: its data set has none." in text


def test_plots_are_shown_beside_the_page(assessment: Assessment) -> None:
    """By file name and title."""
    text = page.render(assessment, {"a.png": "A plot"})

    assert text.endswith("## A plot\n\n![A plot](a.png)\n")


def test_every_table_is_whole(assessment: Assessment) -> None:
    """As many cells in each row as in its head."""
    blocks = page.render(assessment, {}).split("\n\n")
    tables = [block.splitlines() for block in blocks if block.startswith("|")]

    assert len(tables) == 4
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1


def test_the_record_is_plain_json(assessment: Assessment) -> None:
    """And names what was missed."""
    record = json.loads(json.dumps(page.record(assessment)))

    assert record["missed"] == ["coverage"]
    assert record["figures"] == assessment.figures

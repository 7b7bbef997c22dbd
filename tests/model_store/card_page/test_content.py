"""A card in words says what the card says, in HTML, Markdown and nowhere else."""

import html as html_module
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from model_store.card import ModelCard
from model_store.card_page import blocks, content, html, markdown, rule
from model_store.store import ModelStore

KEY = "ed25519:" + "A" * 43 + "="


@pytest.fixture
def card(store: ModelStore) -> ModelCard:
    """Return the card of the small champion."""
    return store.card(store.resolve("champion"))


def test_every_word_is_in_both_forms(card: ModelCard) -> None:
    """One content, two ways to write it."""
    page, text = html.page(card, KEY), markdown.page(card, KEY)

    for section in content.sections(card, KEY):
        assert html_module.escape(section.title) in page
        assert section.title in text
        for block in section.blocks:
            if isinstance(block, blocks.Text):
                assert html_module.escape(block.text) in page
                assert block.text in text
    assert KEY in page
    assert KEY in text


def test_a_page_needs_no_other_file_and_runs_nothing(card: ModelCard) -> None:
    """It can be sent by mail and kept for years."""
    page = html.page(card, KEY)

    assert not re.search(r"<script|\ssrc=|\shref=|\son\w+=|url\(", page)


def test_what_a_card_holds_stays_text(card: ModelCard) -> None:
    """The names of a table are its owner's, and may be anything."""
    nasty = "<script>alert('|')</script>"
    data = card.data | {"title": nasty, "left_out": {nasty: "suspected leakage: x"}}

    spoilt = replace(card, data=data)

    assert "<script" not in html.page(spoilt, KEY)
    assert "'\\|'" in markdown.page(spoilt, KEY)


def test_figures_have_intervals_that_hold_them(card: ModelCard) -> None:
    """A figure of few sales says how little it says."""
    for name, (low, high) in card.metrics["uncertainty"].items():
        assert low <= card.metrics[name] <= high, name
        assert low < high


def test_the_plot_is_a_picture_of_every_group(card: ModelCard) -> None:
    """Ten tenths, ten dots."""
    (svg,) = (
        block.svg
        for section in content.sections(card, KEY)
        for block in section.blocks
        if isinstance(block, blocks.Plot)
    )

    drawn = ET.fromstring(svg)  # noqa: S314 - it is ours

    assert len(drawn.findall("{http://www.w3.org/2000/svg}circle")) == 10


def test_a_card_of_before_is_shown_without_what_it_lacks(card: ModelCard) -> None:
    """Versions that were trained earlier have no intervals and no segments."""
    later = ("uncertainty", "quintiles", "categories", "fsd_calibration")
    old = replace(
        card,
        metrics={k: v for k, v in card.metrics.items() if k not in later},
        data={k: v for k, v in card.data.items() if k not in ("lacks", "left_out")},
    )

    page = markdown.page(old, KEY)

    assert "not measured" in page
    assert "; by period above." in page
    assert page.count("Figures by price, category. ") == 2
    assert "Error, bias and coverage by" not in page


def test_a_factor_claims_only_what_the_card_has(card: ModelCard) -> None:
    """A market without categories has no figures by category to point at."""
    bare = replace(card, metrics=card.metrics | {"categories": {"town": []}})

    confidence, even = (rule.rows(bare, KEY)[at] for at in (0, 4))

    assert "; by period, price above." in confidence[1]
    assert even[1].startswith("Error, bias and coverage by price, above. ")
    assert all("Figures by category. " in row[2] for row in (confidence, even))
    groups = {"town": card.metrics["quintiles"]}
    full = rule.rows(replace(card, metrics=card.metrics | {"categories": groups}), KEY)
    assert "by period, price, category above." in full[0][1]
    assert not any("Figures by" in row[2] for row in full)


def test_columns_that_were_left_out_or_kept_are_named_by_their_factors(
    card: ModelCard,
) -> None:
    """What nobody left out is not claimed to be; what a person kept is asked about."""
    left_out = {"list": "suspected leakage: x", "owner": "personal data: y"}
    told = replace(
        card, data=card.data | {"left_out": left_out, "kept": {"tax": "you asked"}}
    )

    interest, even = (rule.rows(told, KEY)[at] for at in (2, 4))

    assert "Left out since they seem to know the price: list. " in interest[1]
    assert "Left out since they tell of people: owner. " in even[1]
    assert all("kept by hand: tax. " in row[2] for row in (interest, even))
    plain = rule.rows(card, KEY)
    assert not any("Left out" in row[1] or "by hand" in row[2] for row in plain)


def test_what_a_model_lacks_is_said(card: ModelCard) -> None:
    """Nobody has to find out that there was no place."""
    lacking = replace(card, data=card.data | {"lacks": ["no latitude"]})

    assert "It lacks: no latitude." in markdown.page(lacking, KEY)


def test_a_model_of_some_of_its_sales_says_so(card: ModelCard) -> None:
    """Whoever reads of two million sales must not think that all were learnt."""
    many = replace(card, data=card.data | {"sales": 2_000_000})
    told = f"| fitted to | the latest {card.profile.sales:,} of them |"

    assert told in markdown.page(many, KEY)
    assert "fitted to |" not in markdown.page(card, KEY)


def test_a_retraining_is_told_with_every_step_and_rule(card: ModelCard) -> None:
    """Whoever reads the card sees what it was held against, and how that ended."""
    figures = dict.fromkeys(("n", "mdape", "ppe10", "median_bias", "coverage"), 7.5)
    kept = {
        "decision": "promote",
        "champion_before": "20150301-11111111",
        "test": {
            "from": "2015-04-28",
            "to": "2015-05-27",
            "sales": 1300,
            "learnt_from": 20313,
            "against": "serving",
        },
        "figures": {"candidate": figures, "champion": None},
        "rules": [
            {"name": "bias", "figure": 0.4, "bound": "at most 1", "said": "no worse"}
        ],
        "steps": [
            {"step": "gather", "table": 21000, "outcomes": 613},
            {"step": "evaluate"},
        ],
    }
    page = markdown.page(replace(card, training={"retraining": kept}), KEY)

    assert "The champion before it: 20150301-11111111." in page
    assert "priced 1,300 later ones, 2015-04-28 to 2015-05-27" in page
    assert "| candidate | 7.5 | 7.5 | 7.5 | 7.5 | 7.5 |" in page
    assert "| champion |" not in page
    assert "| bias | 0.4 | at most 1 | no worse |" in page
    assert "| gather | sales of the table: 21,000; reported outcomes: 613 |" in page
    assert "| evaluate | as told above |" in page


def test_a_training_says_that_it_was_held_against_nothing(card: ModelCard) -> None:
    """A first model has no rival, and its card must not look as if it had."""
    assert "held against no other version" in markdown.page(card, KEY)

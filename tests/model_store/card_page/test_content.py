"""A card in words says what the card says, in HTML, Markdown and nowhere else."""

import html as html_module
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from model_store.card import ModelCard
from model_store.card_page import content, html, markdown
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
            if isinstance(block, content.Text):
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
        if isinstance(block, content.Plot)
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

    assert "not measured" in markdown.page(old, KEY)


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

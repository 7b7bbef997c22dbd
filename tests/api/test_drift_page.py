"""The laws of the report on drift that is a file."""

import re

from api import drift_page
from api.openapi import examples

REPORT = examples.BODIES["DriftReport"]


def test_a_report_needs_nothing_beside_it() -> None:
    """No script, no address, no picture: it can be mailed and opened years later."""
    page = drift_page.render(REPORT)

    assert not re.search(r"<script|<link|<img|https?://|url\(|@import", page)
    assert "color-scheme: light dark" in page


def test_every_feature_is_told_and_drawn() -> None:
    """Prices, widths and volume too."""
    page = drift_page.render(REPORT)

    assert page.count("<svg") == len(REPORT["features"]) + 3
    assert "changed: psi, ks" in page
    assert "below 1,910: 75.0 % of the houses, 50.0 % of the sales" in page


def test_names_and_categories_are_text() -> None:
    """Whatever a table of sales holds."""
    feature = REPORT["features"][0]
    bins = [{**feature["bins"][0], "category": "<b>", "high": None}]
    odd = {**feature, "feature": "<i>", "bins": bins, "psi": None, "ks": None}
    page = drift_page.render({**REPORT, "features": [odd]})

    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;b&gt;: 75.0 %" in page


def test_a_report_of_nothing_says_so() -> None:
    """An installation that has priced nothing has no volume to draw."""
    volume = {"step_s": 60, "points": []}
    page = drift_page.render({**REPORT, "houses": 0, "features": [], "volume": volume})

    assert "No feature has changed." in page
    assert page.count("<svg") == 2

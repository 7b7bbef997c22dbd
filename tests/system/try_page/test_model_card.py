"""The card of a model, as a person reads it."""

import pytest
from playwright.sync_api import expect

from model_store.store import ModelStore
from tests.system import axe, browser
from tests.system.try_page.page import Open


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_card_can_be_read_by_everybody(
    open_page: Open, store: ModelStore, axe_source: str, scheme: str
) -> None:
    """On a phone, by day and by night, with its plot, and by those who hear it."""
    with open_page(
        "models/champion", viewport=browser.PHONE, color_scheme=scheme
    ) as page:
        version = store.resolve("champion")
        expect(page.get_by_role("heading", level=1)).to_contain_text(version)
        plot = page.get_by_alt_text("Forecast deviation")
        plot.scroll_into_view_if_needed()
        assert plot.evaluate(
            "async (image) => (await image.decode(), image.naturalWidth)"
        )

        browser.check_fit(page, scheme)
        assert axe.violations(page, axe_source) == []


def test_a_card_of_no_version_says_so(open_page: Open) -> None:
    """Not a blank page."""
    told = browser.REFUSED
    with open_page("models/20200101-00000000", told=told) as page:
        expect(page.get_by_role("alert")).to_be_visible()

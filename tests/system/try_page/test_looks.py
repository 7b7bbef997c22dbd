"""The page fits its reader: screen, colours, and what reads it aloud."""

import pytest
from playwright.sync_api import expect

from tests.system import axe, browser
from tests.system.api_server import Server
from tests.system.try_page.page import Open, answer, button, priced


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_by_day_and_by_night(
    open_page: Open, scheme: str
) -> None:
    """Nothing is cut off at the side, and the ground has the reader's colour."""
    with open_page(viewport=browser.PHONE, color_scheme=scheme) as page:
        button(page).click()
        priced(page)

        browser.check_fit(page, scheme)
        expect(answer(page)).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(
    open_page: Open, server: Server, axe_source: str, scheme: str
) -> None:
    """Names, roles, contrast and order, as axe-core judges them, in each state."""
    with open_page(key="", color_scheme=scheme) as page:
        page.get_by_role("textbox", name="API key").wait_for()
        assert axe.violations(page, axe_source) == []
        page.get_by_role("textbox", name="API key").fill(server.token)
        page.keyboard.press("Enter")
        page.get_by_label("Bathrooms").fill("99")
        button(page).click()
        expect(page.locator("form .notice")).to_be_focused()
        assert axe.violations(page, axe_source) == []
        page.get_by_label("Bathrooms").fill("29")
        button(page).click()
        priced(page)
        assert axe.violations(page, axe_source) == []


def test_long_prices_of_sales_stay_within_their_buttons(
    open_page: Open, server: Server
) -> None:
    """Of a market whose currency has no sign and whose houses cost millions."""
    card = server.call("GET", "/v1/models/champion").body | {"currency": "SEK"}
    for sample in card["examples"]:
        sample["sold_for"] = 12_345_000
    with open_page(viewport=browser.PHONE, key="", told=browser.REFUSED) as page:
        page.route("**/champion", lambda route: route.fulfill(json=card))
        page.get_by_role("textbox", name="API key").fill(server.token)
        page.keyboard.press("Enter")
        samples = page.get_by_role("button", name="SEK")
        expect(samples.first).to_contain_text("12,345,000")
        wide = samples.evaluate_all(
            "all => all.map(one => one.scrollWidth > one.clientWidth)"
        )

    assert wide
    assert not any(wide)


def test_the_description_of_the_api_is_shown_under_the_same_policy(
    open_page: Open,
) -> None:
    """Swagger's own scripts need nothing that stands in the page."""
    with open_page("docs") as page:
        expect(page.get_by_text("Submit a house to be priced.")).to_be_visible()

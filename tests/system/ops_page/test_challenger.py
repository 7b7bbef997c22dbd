"""The trial of the challenger on the page: seen, promoted, taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from model_store.store import ModelStore
from tests.second_version import SECOND
from tests.system import api_server, installation
from tests.system.api_server import Server
from tests.system.ops_page.page import Open, confirm
from worker.shadow_totals import ShadowTotals


@pytest.fixture
def server(
    chromium: Browser, own_store: ModelStore, tmp_path: Path
) -> Iterator[Server]:
    """Run an API on a store that the test may write to, with a challenger."""
    del chromium  # Without one nothing need be started.
    own_store.promote(SECOND, post="challenger", share=5)
    with (
        installation.running(tmp_path / "var", own_store) as place,
        api_server.running(place, place.stack.api(), own_store) as server,
    ):
        yield server


def test_the_trial_is_shown(
    server: Server, own_store: ModelStore, open_page: Open
) -> None:
    """Who has what share, and how the prices of both compare."""
    first = own_store.resolve("champion")
    rows = [{"version": SECOND, "served_version": first, "served_price": 100}]
    ShadowTotals(server.redis).add([{**rows[0], "price": 110}] * 30, cpu_s=0.03)
    with open_page() as page:
        panel = page.locator("#panel-challenger")
        expect(panel.get_by_role("table")).to_contain_text(SECOND)
        expect(panel).to_contain_text("95 %")
        expect(panel).to_contain_text("30 houses that both have priced")
        expect(panel).to_contain_text("10 % more in the mean")
        expect(panel).to_contain_text("Without an archive")


def test_nothing_is_offered_before_it_is_known_who_has_which_post(
    open_page: Open,
) -> None:
    """A click would speak of nothing."""
    with open_page() as page:
        expect(page.locator("#promote")).to_be_visible()
        page.route("**/v1/models/aliases", lambda _: None)
        page.reload()
        expect(page.locator("#panel-challenger")).to_be_visible()
        expect(page.locator("#promote")).to_be_hidden()
        expect(page.locator("#rollback")).to_be_hidden()


def test_a_challenger_that_goes_while_it_is_asked_about_is_none(
    own_store: ModelStore, open_page: Open
) -> None:
    """The next reading would say so; until then no fault is shown."""

    def dismissed(route: Route) -> None:
        own_store.dismiss()
        route.continue_()

    with open_page(told="404") as page:
        page.route("**/challenger/comparison", dismissed)
        page.reload()
        panel = page.locator("#panel-challenger")
        expect(panel).to_contain_text("There is no challenger")
        expect(panel.locator("#promote")).to_be_hidden()


def test_the_challenger_is_promoted_and_taken_back(
    own_store: ModelStore, open_page: Open
) -> None:
    """Each after a question."""
    first = own_store.resolve("champion")
    # It may be asked about just when it is promoted.
    with open_page(told="404") as page:
        page.get_by_role("button", name="Promote the challenger…").click()
        confirm(page, "Promote")
        expect(page.get_by_role("status")).to_contain_text(f"{SECOND} is champion")
        assert own_store.aliases().champion == SECOND

        panel = page.locator("#panel-challenger")
        expect(panel).to_contain_text("There is no challenger")
        expect(panel.locator("#promote")).to_be_hidden()
        page.get_by_role("button", name="Roll back…").click()
        confirm(page, "Roll back")
        expect(page.get_by_role("status")).to_contain_text("champion again")
        assert own_store.aliases().champion == first


def test_its_share_is_set_and_it_is_dismissed(
    own_store: ModelStore, open_page: Open
) -> None:
    """What is no percentage is refused in the dialog."""
    with open_page(told="422") as page:
        page.get_by_role("button", name="Set its share…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("textbox").fill("500")
        confirm(page, "Set")
        expect(dialog.get_by_role("alert")).to_contain_text("not valid")
        dialog.get_by_role("textbox").fill("12.5")
        confirm(page, "Set")
        expect(page.locator("#panel-challenger")).to_contain_text("87.5 %")
        assert own_store.aliases().share == 12.5

        page.get_by_role("button", name="Dismiss it…").click()
        confirm(page, "Dismiss")
        expect(page.locator("#panel-challenger")).to_contain_text("no challenger")
        assert own_store.aliases().challenger is None


def test_what_changed_since_it_was_shown_is_not_changed_unseen(
    own_store: ModelStore, open_page: Open
) -> None:
    """The dialog says so, and nothing is done."""
    with open_page(told="412") as page:
        page.get_by_role("button", name="Promote the challenger…").click()
        own_store.promote(SECOND, post="challenger", share=7)
        confirm(page, "Promote")

        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(
            "If-Match"
        )
        assert own_store.aliases().champion != SECOND

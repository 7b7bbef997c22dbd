"""What the page shows of houses that have changed."""

import pytest
from playwright.sync_api import expect

from model_store.count_layout import HOUSES, CountLayout
from model_store.store import ModelStore
from tests.system.api_server import Server
from tests.system.ops_page.page import Open
from worker.seen import SeenHouses
from worker.settings import WorkerSettings


@pytest.fixture
def without_a_year(server: Server, store: ModelStore) -> None:
    """Count 500 houses that lack their year."""
    version = store.resolve("champion")
    layout = CountLayout(store.card(version))
    features = {one.feature.name: one for one in layout.features}
    counts = {HOUSES: 500, features["yr_built"].missing: 500}
    SeenHouses(server.redis, WorkerSettings()).add(version, counts)


@pytest.mark.usefixtures("without_a_year")
def test_what_has_changed_stands_first(open_page: Open) -> None:
    """With its reason; another window is asked for at once."""
    with open_page() as page:
        panel = page.locator("#panel-drift")
        changed = panel.get_by_role("row", name="yr_built")
        expect(changed).to_contain_text("changed: missing")
        expect(changed).to_contain_text("100 %")
        expect(panel.locator("tbody tr").first).to_contain_text("changed")
        expect(panel.locator("dd").first).to_have_text("500")
        with page.expect_response("**/v1/monitoring/drift?window=7d"):
            panel.get_by_label("Of the").select_option("7 days")


def test_before_any_house_nothing_has_changed(open_page: Open) -> None:
    """Every feature is there all the same."""
    with open_page() as page:
        panel = page.locator("#panel-drift")
        expect(panel.get_by_role("row", name="yr_built")).to_contain_text(
            "as the sales"
        )
        expect(panel.locator("dd").first).to_have_text("0")

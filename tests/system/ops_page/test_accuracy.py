"""What the page shows of realised sales."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from model_store.archive.archive import Archive
from model_store.archive.report import ACCURACY
from model_store.card import ModelCard
from model_store.errors import UnknownModel
from model_store.monitoring import report
from model_store.store import ModelStore
from tests.model_store.monitoring.sold import sold
from tests.system import api_server, installation
from tests.system.api_server import Server
from tests.system.ops_page.page import Open

#: A version whose prices are right.
RIGHT = "20260101-00000000"


def _no_card(version: str) -> ModelCard:
    raise UnknownModel(version)


class TestWithAnArchive:
    """Of an installation that keeps sales."""

    @pytest.fixture
    def server(
        self, chromium: Browser, store: ModelStore, archive: Archive, tmp_path: Path
    ) -> Iterator[Server]:
        """Run an API on an archive."""
        del chromium  # Without one nothing need be started.
        url = archive.database.place
        with (
            installation.running(tmp_path / "var", store, archive_url=url) as place,
            api_server.running(place, place.stack.api(), store) as server,
        ):
            yield server

    @pytest.fixture
    def reported(self, archive: Archive, store: ModelStore) -> None:
        """Keep a report on two versions: the champion is 10 % low in the end."""
        champion = store.resolve("champion")
        sold(archive, [1.0] * 60 + [0.9] * 60, version=champion)
        later = dt.date(2026, 3, 4)
        sold(archive, [1.0, 1.02] * 30, version=RIGHT, first=later, start=200)

        def card(version: str) -> ModelCard:
            if version == RIGHT:
                raise UnknownModel(version)
            return store.card(version)

        archive.reports.put(ACCURACY, report.make(archive, card), made_ms=1)

    @pytest.mark.usefixtures("reported")
    def test_a_version_that_is_worse_is_told_in_words(
        self, open_page: Open, store: ModelStore
    ) -> None:
        """With what it is, since when, and what is tolerated; the other one is not."""
        champion = store.resolve("champion")
        with open_page() as page:
            panel = page.locator("#panel-accuracy")
            notice = panel.locator(".notice")
            expect(notice).to_have_count(1)
            expect(notice).to_contain_text(f"{champion} is worse than is tolerated")
            expect(notice).to_contain_text("more than 10 % too low")
            expect(notice).to_contain_text("where 3 % is tolerated")
            table = panel.get_by_role("region", name="Versions by realised sales")
            expect(table.get_by_role("row", name=champion)).to_contain_text("worse")
            expect(table.get_by_role("row", name=RIGHT)).to_contain_text(
                "within tolerance"
            )
            expect(panel.locator("dd").first).to_have_text("180")

    @pytest.mark.usefixtures("reported")
    def test_each_month_is_drawn_beside_what_is_tolerated(
        self, open_page: Open, store: ModelStore
    ) -> None:
        """A chart can be read by the keyboard, and as a table."""
        champion = store.resolve("champion")
        with open_page() as page:
            panel = page.locator("#panel-accuracy")
            charts = panel.get_by_role("slider")
            expect(charts).to_have_count(3)
            bias = panel.get_by_role("figure").nth(1)
            bias.get_by_text("As a table").click()
            table = bias.get_by_role("table")
            expect(table.get_by_role("row", name="Mar 2026")).to_contain_text("-3 %")
            bias.get_by_role("slider").press("Home")
            reading = bias.get_by_role("slider").get_attribute("aria-valuetext") or ""
            assert reading.startswith("Mar 2026:")
            assert f"{RIGHT} " in reading
            assert f"{champion} " in reading

    @pytest.mark.usefixtures("reported")
    def test_weeks_and_groups_are_chosen_by_the_keyboard(
        self, open_page: Open, store: ModelStore
    ) -> None:
        """Of a week, by zip, and of a version alone."""
        with open_page() as page:
            panel = page.locator("#panel-accuracy")
            groups = panel.get_by_role("region", name="Accuracy by group")
            expect(groups.get_by_role("row")).not_to_have_count(0)
            panel.get_by_label("By", exact=True).press("w")
            expect(panel.get_by_role("heading", name="by week of sale")).to_have_count(
                3
            )
            panel.get_by_label("Groups by").press("z")
            expect(groups.get_by_role("row", name="98103")).to_be_visible()
            expect(panel.get_by_label("Sold in")).to_contain_text("week of ")
            panel.get_by_label("Priced by").select_option(store.resolve("champion"))
            expect(groups.get_by_role("row", name="98103")).to_contain_text("%")

    @pytest.mark.usefixtures("reported")
    def test_what_serves_no_more_raises_no_alarm(
        self, open_page: Open, archive: Archive
    ) -> None:
        """It is shown as history."""
        retired = "20250101-00000000"
        sold(archive, [0.8] * 60, version=retired, start=400)
        made = report.make(archive, _no_card)
        archive.reports.put(ACCURACY, made, made_ms=2)
        with open_page() as page:
            panel = page.locator("#panel-accuracy")
            table = panel.get_by_role("region", name="Versions by realised sales")
            row = table.get_by_role("row", name=retired)
            expect(row).to_contain_text("retired")
            expect(row).to_contain_text("was worse from")
            for notice in panel.locator(".notice").all():
                expect(notice).not_to_contain_text(retired)
            expect(row.locator(".bad")).to_have_count(0)

    def test_before_any_sale_it_says_how_to_tell_one(self, open_page: Open) -> None:
        """And draws nothing."""
        with open_page() as page:
            panel = page.locator("#panel-accuracy")
            expect(panel).to_contain_text("kerbside outcomes add FILE")
            expect(panel.get_by_role("slider")).to_have_count(0)
            expect(panel.get_by_role("table")).to_be_hidden()


def test_without_an_archive_it_says_so(open_page: Open) -> None:
    """And asks nothing that would be refused."""
    with open_page() as page:
        panel = page.locator("#panel-accuracy")
        expect(panel).to_contain_text("Without an archive")

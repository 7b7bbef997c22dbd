"""What the page shows, and to whom."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from model_store.store import ModelStore
from tests.system import axe, browser
from tests.system.api_server import Server, frozen
from tests.system.ops_page.page import (
    Open,
    new_key,
    plant_history,
)
from tests.worker.conftest import clock
from worker.keys import PREDICTIONS, WEBHOOKS, lane_key


def test_only_a_key_of_an_operator_opens_the_page(
    chromium: Browser, address: str, server: Server, operator: str
) -> None:
    """What is wrong with another is said in a sentence, and another can be given."""
    customer = new_key(server, "predict", "read")
    with browser.opened(chromium, address, told=browser.REFUSED) as page:
        _sign_in(page, "kb_nobody_knows")
        expect(page.get_by_role("dialog")).to_contain_text("unknown")
        _sign_in(page, customer)
        expect(page.get_by_role("alert")).to_contain_text("scope 'figures'")
        expect(page.locator("#state")).to_have_text("Not signed in")
        page.get_by_role("button", name="Sign in with another key").click()
        _sign_in(page, f"{operator} ")  # As it is pasted.
        expect(page.locator("#state")).to_contain_text("Live")
        expect(page.get_by_role("alert")).to_be_empty()


def _sign_in(page: Page, key: str) -> None:
    page.get_by_label("API key", exact=True).fill(key)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign in", exact=True).click()


def test_a_chart_is_read_by_keyboard_and_as_a_table(
    server: Server, open_page: Open
) -> None:
    """Each point in words; where nobody looked the line has a gap."""
    plant_history(server, 300, 290, 280, 120, 110, 100)
    with open_page() as page:
        chart = page.get_by_role("slider", name="Jobs a second")
        expect(chart).to_have_attribute("aria-valuemax", "3")
        chart.focus()
        page.keyboard.press("Home")
        expect(chart).to_have_attribute("aria-valuenow", "0")
        first = chart.get_attribute("aria-valuetext")
        assert first
        assert first.endswith(": came in 1, ended 1")
        page.keyboard.press("ArrowRight")
        expect(chart).not_to_have_attribute("aria-valuetext", first)

        line = chart.locator(".series.s1 path").get_attribute("d")
        assert line
        assert line.count("M") == 2
        figure = page.locator("figure", has=chart)
        figure.get_by_text("As a table").click()
        expect(figure.locator("tbody tr")).to_have_count(4)


def test_what_stands_beside_an_axis_is_seen_whole(
    server: Server, open_page: Open
) -> None:
    """However long the first in line has waited."""
    plant_history(server, 30, 20, 10, waited_s=800)
    with open_page() as page:
        chart = page.get_by_role("slider", name="Time waited")
        words = chart.locator(".level", has_text="min 20 s").first
        drawn, edge = words.bounding_box(), chart.bounding_box()

    assert drawn
    assert edge
    assert drawn["x"] >= edge["x"]


def test_a_table_keeps_its_place_when_it_is_read_again(
    server: Server, open_page: Open
) -> None:
    """Whoever has scrolled it sideways reads on."""
    name, workers = "predictions-1@" + 40 * "far", lane_key("workers", PREDICTIONS)
    now = clock(server.redis)
    server.redis.zadd(workers, {name: now + 60_000})
    with open_page(viewport=browser.PHONE) as page:
        table = page.get_by_role("region", name="Table of workers")
        seen = table.get_by_role("row").last
        expect(seen).to_contain_text(name)
        before = seen.inner_text()
        table.evaluate("node => { node.scrollLeft = 50; }")
        server.redis.zadd(workers, {name: now + 120_000})
        expect(seen).not_to_have_text(before, use_inner_text=True)
        assert table.evaluate("node => node.scrollLeft") == 50


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(
    server: Server, open_page: Open, letter: str, axe_source: str, scheme: str
) -> None:
    """Names, roles, contrast and order, as axe-core judges them, in each state."""
    plant_history(server, 300, 290, 120, 110)
    with open_page(color_scheme=scheme, told=browser.REFUSED) as page:
        expect(page.locator("#panel-dead-letters")).to_contain_text(letter)
        expect(page.locator("#panel-models table").first).to_be_visible()
        for details in page.locator("details > summary").all():
            details.click()
        assert axe.violations(page, axe_source) == []
        with frozen(server.redis_pid()):
            expect(page.locator("#ops")).to_have_class("stale")
            assert axe.violations(page, axe_source) == []
        expect(page.locator("#ops")).not_to_have_class("stale")
        page.get_by_role("button", name="Discard…").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert axe.violations(page, axe_source) == []


def test_a_key_that_may_not_read_models_is_told_so(
    chromium: Browser, address: str, server: Server
) -> None:
    """The rest of the page works."""
    key = new_key(server, "operate")
    with browser.opened(chromium, address, key=key, told=browser.REFUSED) as page:
        expect(page.locator("#panel-models")).to_contain_text("scope 'read'")
        expect(page.locator("#state")).to_contain_text("Live")


def test_the_champion_is_shown_with_its_test(
    store: ModelStore, open_page: Open
) -> None:
    """Version, figures of its card, and its error by month."""
    with open_page() as page:
        models = page.locator("#panel-models")
        expect(models).to_contain_text(store.resolve("champion"))
        expect(models).to_contain_text("Median error by month of the test")


def test_receivers_that_fail_are_told(server: Server, open_page: Open) -> None:
    """Each that is left alone, and until when."""
    until = clock(server.redis) + 600_000
    server.redis.zadd(lane_key("cooling", WEBHOOKS), {"wh_0123": until})
    with open_page() as page:
        webhooks = page.locator("#panel-webhooks")
        expect(webhooks).to_contain_text("1 receiver left alone for failing")
        expect(webhooks).to_contain_text("wh_0123")


def test_lists_that_are_cut_say_so(open_page: Open) -> None:
    """Causes are those of the newest letters, and of many receivers some are shown."""
    when = "2026-01-01T00:00:00Z"
    cause = {"error": "It died.", "count": 2000, "versions": ["1"]}
    causes = [{**cause, "first": when, "last": when}]
    letters = {"total": 5000, "examined": 2000, "causes": causes, "results": []}
    off = {"webhook": "wh_1", "tenant": "acme", "reason": "gone", "since": when}
    with open_page() as page:

        def fail_many(route: Route) -> None:
            many = {"disabled_count": 300, "disabled_endpoints": [off]}
            route.fulfill(json=route.fetch().json() | many)

        page.route(
            "**/v1/ops/dead-letters?*", lambda route: route.fulfill(json=letters)
        )
        page.route("**/v1/ops/webhooks", fail_many)
        page.reload()
        expect(page.locator("#panel-dead-letters")).to_contain_text(
            "Why the newest 2,000 of 5,000 died"
        )
        expect(page.locator("#panel-webhooks")).to_contain_text(
            "300 endpoints off, 1 of them shown"
        )
        page.unroute_all(behavior="wait")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_sideways_scrolling(
    open_page: Open, letter: str, scheme: str
) -> None:
    """In the reader's own colours."""
    with open_page(viewport=browser.PHONE, color_scheme=scheme) as page:
        expect(page.locator("#panel-dead-letters")).to_contain_text(letter)
        expect(page.locator("#panel-models table").first).to_be_visible()
        browser.check_fit(page, scheme)


def test_figures_are_told_as_people_read_them(open_page: Open) -> None:
    """Short, with a unit, and never 60 s or 1,000 ms."""
    told = {
        "duration(0)": "0 s",
        "duration(0.0004)": "1 ms",
        "duration(0.9994)": "999 ms",
        "duration(0.9996)": "1 s",
        "duration(4.24)": "4.2 s",
        "duration(59.7)": "1 min",
        "duration(95)": "1 min 35 s",
        "duration(7500)": "2 h 5 min",
        "duration(200000)": "2 days 8 h",
        "figure(0.1254)": "0.125",
        "figure(1234.5)": "1,235",
        "many(1, 'house')": "1 house",
        "many(1200, 'house')": "1,200 houses",
        "day('2015-05-27')": "27 May 2015",
    }
    with open_page() as page:
        for asked, words in told.items():
            found = page.evaluate(
                f"import('/assets/words.js').then((words) => words.{asked})"
            )
            assert (asked, found) == (asked, words)

"""What is of now is told from what is of before."""

import re

from playwright.sync_api import Page, expect

from tests.patience import wait_until
from tests.system import browser
from tests.system.api_server import Server, frozen
from tests.system.installation import Installation
from tests.system.ops_page.page import (
    Open,
    figure,
    lane_card,
    plant_history,
)


def test_figures_move_as_jobs_come_and_go(
    server: Server, place: Installation, open_page: Open
) -> None:
    """A line without a worker is told in words; a worker that comes takes it."""
    with open_page() as page:
        expect(lane_card(page)).to_contain_text("No worker takes from this lane")
        for _ in range(3):
            server.submit()
        expect(figure(page, "waiting")).to_have_text("3")
        expect(lane_card(page)).to_contain_text("3 jobs wait")

        (spec,) = place.stack.prediction_workers()
        worker = place.start(spec)
        expect(figure(page, "waiting")).to_have_text("0")
        expect(figure(page, "workers")).to_have_text("1")
        expect(page.locator("#panel-workers")).to_contain_text("predictions-1@")
        worker.terminate()
        wait_until(worker.has_ended)


def test_history_that_stands_still_is_told(server: Server, open_page: Open) -> None:
    """It is the upkeep that is missing."""
    plant_history(server, 300, 290)
    with open_page() as page:
        expect(page.locator("#panel-history")).to_contain_text(
            "Nobody has looked after the lanes since"
        )


def test_while_redis_is_away_no_figure_passes_for_new(
    server: Server, open_page: Open
) -> None:
    """Since when is said; the page comes back by itself."""
    with open_page(told=browser.REFUSED) as page:
        expect(page.locator("#state")).to_contain_text("Live")
        with frozen(server.redis_pid()):
            expect(page.get_by_role("alert")).to_contain_text("Not connected since")
            expect(page.locator("#ops")).to_have_class("stale")
        expect(page.locator("#state")).to_contain_text("Live")
        expect(page.locator("#ops")).not_to_have_class("stale")


def test_figures_age_while_an_answer_is_waited_for(open_page: Open) -> None:
    """What is of before is told from what is of now."""
    with open_page() as page:
        page.clock.install()
        page.reload()
        expect(page.locator("#state")).to_contain_text("Live")
        with page.expect_request("**/v1/ops/queues"):
            browser.hold(page, "**/v1/ops/queues")
        page.clock.run_for(12_000)
        expect(page.locator("#state")).to_contain_text("Not heard since")
        expect(page.locator("#ops")).to_have_class("stale")
        page.unroute("**/v1/ops/queues")
        expect(page.locator("#state")).to_contain_text("Live")
        expect(page.locator("#ops")).not_to_have_class("stale")


def test_a_panel_that_is_slow_holds_up_no_other(
    server: Server, open_page: Open
) -> None:
    """The lanes go on while the webhooks are waited for."""
    with open_page() as page:
        browser.hold(page, "**/v1/ops/webhooks")
        page.reload()
        expect(figure(page, "waiting")).to_have_text("0")
        server.submit()
        expect(figure(page, "waiting")).to_have_text("1")


def test_times_of_another_day_tell_their_date(open_page: Open, letter: str) -> None:
    """On a page that is open since, too, though what they are of stands still."""
    with open_page() as page:
        page.clock.install()
        page.reload()
        letters = page.locator("#panel-dead-letters")
        expect(letters).to_contain_text(letter)
        page.clock.fast_forward("24:00:00")
        expect(letters).to_contain_text(re.compile(r"[A-Z][a-z]+ 20\d\d, \d\d:"))


def test_the_page_rests_while_nobody_sees_it(open_page: Open) -> None:
    """A tab in the background asks nothing, and asks at once when it is back."""
    with open_page() as page:
        page.clock.install()
        page.reload()
        expect(page.locator("#state")).to_contain_text("Live")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        _turn(page, hidden=True)
        page.clock.run_for(60_000)
        assert [url for url in asked if url.endswith("/v1/ops/queues")] == []

        with page.expect_request("**/v1/ops/queues"):
            _turn(page, hidden=False)


def _turn(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        "value => Object.defineProperty("
        "document, 'hidden', { configurable: true, value })",
        hidden,
    )
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

"""A prediction is followed to its end, whatever goes wrong on the way."""

import re

import pytest
from playwright.sync_api import expect

from tests.system import browser
from tests.system.api_server import Server
from tests.system.try_page.page import Open, answer, button, key, priced
from worker import pauses
from worker.keys import PREDICTIONS
from worker.limits import RateLimit


def test_a_price_can_be_reloaded_and_gone_back_to(open_page: Open) -> None:
    """The address says what is shown; the session's prices stay at hand."""
    with open_page() as page:
        button(page).click()
        first = priced(page)
        price = answer(page).locator("p.price")
        cheap = price.inner_text()
        page.get_by_label("Bedrooms").fill("5")
        page.get_by_label("Grade").fill("11")
        button(page).click()
        expect(price).not_to_have_text(cheap)
        dear = price.inner_text()
        page.reload()
        expect(price).to_have_text(dear)
        expect(page.get_by_label("Grade")).to_have_value("11")

        page.go_back()

        expect(price).to_have_text(cheap)
        assert page.url.endswith(first)
        page.go_forward()
        expect(price).to_have_text(dear)
        kept = page.get_by_role("region", name="Prices of this session")
        kept.get_by_role("link", name=cheap).click()
        expect(price).to_have_text(cheap)
        expect(kept.get_by_role("listitem")).to_have_count(2)


@pytest.mark.usefixtures("paused")
def test_a_house_that_waits_shows_its_place_and_can_be_canceled(
    open_page: Open, server: Server
) -> None:
    """And it can be priced anew."""
    for _ in "ab":
        server.submit()
    with open_page() as page:
        button(page).click()
        told = answer(page).get_by_role("status").first
        expect(told).to_have_text("It waits in the queue, with 2 houses before it.")
        page.get_by_label("Bedrooms").fill("9")
        answer(page).get_by_role("button", name="Cancel").click()
        expect(told).to_have_text("It was canceled.")
        # Whoever goes on to another house meanwhile is left in peace.
        expect(page.get_by_label("Bedrooms")).to_have_value("9")
        pauses.end(server.redis, PREDICTIONS)
        answer(page).get_by_role("button", name="Price it anew").click()
        priced(page)


@pytest.mark.usefixtures("paused")
def test_a_cancel_that_is_refused_is_told_until_something_changes(
    open_page: Open,
) -> None:
    """The looks that go on meanwhile do not take it away."""
    problem = {"title": "Too much", "detail": "Come again later."}
    with open_page(told=browser.REFUSED) as page:
        page.route("**/cancel", lambda route: route.fulfill(status=429, json=problem))
        button(page).click()
        expect(answer(page)).to_contain_text("next in the queue")
        answer(page).get_by_role("button", name="Cancel").click()
        told = answer(page).get_by_role("alert")
        expect(told).to_contain_text("Come again later.")
        for _ in "ab":
            with page.expect_response(re.compile("/v1/predictions/[0-9a-f-]{36}$")):
                pass
        expect(told).to_contain_text("Come again later.")
        page.unroute("**/cancel")
        answer(page).get_by_role("button", name="Cancel").click()
        expect(told).to_have_count(0)


def test_a_key_that_does_not_do_is_told_and_asked_for_again(
    open_page: Open, server: Server
) -> None:
    """A wrong one, one without the scope, and none at all."""
    with open_page(key="", told=browser.REFUSED) as page:
        box = page.get_by_role("textbox", name="API key")
        page.get_by_role("button", name="Not now").click()
        expect(page.get_by_text("Sign in with an API key to go on.")).to_be_visible()
        page.locator("main").get_by_role("button", name="Sign in").click()
        box.fill("kb_wrong_key")
        page.keyboard.press("Enter")
        expect(page.get_by_text("unknown, revoked or expired")).to_be_visible()
        box.fill(key(server, "read"))
        page.keyboard.press("Enter")
        button(page).click()
        expect(answer(page)).to_contain_text(
            "This needs a key with the scope 'predict'"
        )
        page.get_by_role("button", name="Use another key").click()
        box.fill(server.token)
        page.keyboard.press("Enter")
        priced(page)
        page.get_by_role("button", name="Sign out").click()
        expect(box).to_be_visible()
        assert page.evaluate("sessionStorage.length") == 0


def test_a_limit_is_told_with_the_time_until_it_is_over(
    open_page: Open, server: Server
) -> None:
    """The house can be sent again then, and not before."""
    limited = key(server, "predict", "read", limit=RateLimit(1, 60))
    with open_page(key=limited, told=browser.REFUSED) as page:
        button(page).click()
        priced(page)
        button(page).click()

        expect(answer(page)).to_contain_text("may send 1 requests in 60 s")
        expect(page.get_by_role("button", name="Try again in")).to_be_disabled()


def test_a_submit_that_got_no_answer_is_repeated_as_the_same_one(
    open_page: Open, server: Server
) -> None:
    """Whether it was taken is unknown: the key of the first try makes them one."""
    mine = key(server, "predict", "read")
    with open_page(key=mine, told=browser.REFUSED) as page:
        expect(button(page)).to_be_visible()
        # The service takes it, and the network loses its answer.
        page.route("**/v1/predictions", lambda route: (route.fetch(), route.abort()))
        button(page).click()
        expect(answer(page)).to_contain_text("The service does not answer")
        page.unroute("**/v1/predictions")
        page.get_by_role("button", name="Try again").click()
        prediction = priced(page)

    listed = server.call("GET", "/v1/predictions", Authorization=f"Bearer {mine}").body
    assert [one["id"] for one in listed["results"]] == [prediction]


def test_an_answer_that_is_none_of_the_service_is_told(open_page: Open) -> None:
    """Such as the sign-in of a network on the way; nothing ticks for ever."""
    with open_page() as page:
        expect(button(page)).to_be_visible()
        page.route(
            "**/v1/predictions",
            lambda route: route.fulfill(content_type="text/html", body="<p>Welcome"),
        )
        button(page).click()
        expect(answer(page)).to_contain_text("The service does not answer")
        page.unroute("**/v1/predictions")
        page.get_by_role("button", name="Try again").click()
        priced(page)


def test_a_network_that_goes_away_is_told_and_waited_for(
    open_page: Open, paused: None, server: Server
) -> None:
    """The prediction is followed on when it is back."""
    del paused
    with open_page(told=browser.REFUSED) as page:
        button(page).click()
        expect(answer(page)).to_contain_text("in the queue")
        page.context.set_offline(offline=True)
        told = answer(page).get_by_role("alert")
        expect(told).to_contain_text("This device is offline.")
        # Said aloud once, however often it is looked for.
        first = told.element_handle()
        with page.expect_event("requestfailed"):
            pass
        with page.expect_event("requestfailed"):
            pass
        assert first.evaluate("node => node.isConnected")
        pauses.end(server.redis, PREDICTIONS)
        page.context.set_offline(offline=False)
        priced(page)
        expect(answer(page)).not_to_contain_text("offline")


def test_a_service_without_a_champion_says_so(open_page: Open) -> None:
    """In words, with the way on; nothing hangs."""
    problem = {
        "title": "No model to price with",
        "detail": "No model has been promoted",
    }
    with open_page(key="", told=browser.REFUSED) as page:
        page.route(
            "**/v1/models/champion",
            lambda route: route.fulfill(status=503, json=problem),
        )
        page.get_by_role("textbox", name="API key").fill("kb_any_key")
        page.keyboard.press("Enter")

        expect(page.get_by_role("alert")).to_contain_text("No model has been promoted")
        expect(page.get_by_role("button", name="Try again")).to_be_enabled()

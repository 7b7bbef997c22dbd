"""The page on which a house can be priced, in a real browser with real workers."""

import contextlib
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from api.request_body import can_explain
from api.settings import child_environment
from model_store.store import ModelStore
from tests.system import api_server, axe, browser, installation
from tests.system.api_server import Server
from worker import pauses
from worker.credentials import ApiKeys
from worker.ledger import PREDICTIONS
from worker.limits import RateLimit

Open = Callable[..., AbstractContextManager[Page]]

#: Presses of Tab within which all of the page is reached.
TABS = 60


@pytest.fixture(scope="module")
def server(
    chromium: Browser, store: ModelStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Run an API and a worker."""
    del chromium  # Without one nothing need be started.
    folder = tmp_path_factory.mktemp("page") / "var"
    with (
        installation.running(folder, store) as place,
        api_server.running(place, place.stack.api(), store) as server,
    ):
        for spec in place.stack.prediction_workers():
            place.start(spec)
        yield server


@pytest.fixture
def open_page(chromium: Browser, server: Server) -> Open:
    """Return what opens the page; it may ask nobody but its own service."""
    address = f"http://127.0.0.1:{server.port}/"

    @contextlib.contextmanager
    def open_page(path: str = "", **options: Any) -> Iterator[Page]:
        asked: list[str] = []
        options = {"key": server.token, **options}
        with browser.opened(chromium, address + path, **options) as page:
            page.on("request", lambda request: asked.append(request.url))
            yield page
        assert [url for url in asked if not url.startswith(address)] == []

    return open_page


@pytest.fixture
def paused(server: Server) -> Iterator[None]:
    """Let no worker take a house."""
    pauses.begin(server.redis, PREDICTIONS)
    yield
    pauses.end(server.redis, PREDICTIONS)


def key(server: Server, *scopes: str, limit: RateLimit | None = None) -> str:
    """Return a new key of a tenant of its own."""
    tenant = f"t{server.redis.incr('test:tenants')}"
    token, _ = ApiKeys(server.redis).create(
        tenant=tenant, scopes=scopes, rate_limit=limit
    )
    return token


def button(page: Page) -> Locator:
    """Return the button that submits."""
    return page.get_by_role("button", name="Price this house")


def answer(page: Page) -> Locator:
    """Return the part of the page that shows a prediction."""
    return page.get_by_role("region", name="The price")


def priced(page: Page) -> str:
    """Wait for a price and return the id of its prediction."""
    expect(answer(page).get_by_text("Priced in")).to_be_visible()
    found = re.search(r"#/predictions/([0-9a-f-]{36})$", page.url)
    assert found
    return found[1]


def job(server: Server, prediction: str) -> dict[str, Any]:
    """Return a prediction as the API tells it."""
    body: dict[str, Any] = server.call("GET", f"/v1/predictions/{prediction}").body
    return body


def money(amount: int) -> str:
    """Return an amount as the page writes it."""
    return f"${amount:,}"


def test_a_house_is_priced_with_the_keyboard_alone(
    open_page: Open, server: Server
) -> None:
    """From the sign-in to the price; what has the focus can be seen."""
    with open_page(key="") as page:
        expect(page.get_by_role("textbox", name="API key")).to_be_focused()
        page.keyboard.type(server.token)
        page.keyboard.press("Enter")
        expect(button(page)).to_be_visible()
        for _ in range(TABS):
            page.keyboard.press("Tab")
            ring = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(ring) == "solid"
            if (
                page.evaluate("document.activeElement.textContent")
                == "Price this house"
            ):
                break
        page.keyboard.press("Enter")

        shown = job(server, priced(page))["output"]

        expect(answer(page)).to_be_focused()
        expect(answer(page).locator("p.price")).to_have_text(money(shown["price"]))


def test_what_is_shown_is_what_the_service_answers(
    open_page: Open, server: Server
) -> None:
    """Price, range, confidence, comparable sales, and the version that made it."""
    with open_page() as page:
        button(page).click()

        output = job(server, priced(page))["output"]

        low, high = (money(output["interval"][end]) for end in ("low", "high"))
        drawn = answer(page).get_by_role("img")
        expect(drawn).to_have_accessible_name(
            re.compile(re.escape(f"its range from {low} to {high}"))
        )
        told = answer(page)
        expect(told.get_by_text(f"{low} to {high}").first).to_be_visible()
        expect(told).to_contain_text(f"{output['confidence']['score']} of 100")
        expect(told).to_contain_text(output["model"]["version"])
        rows = told.get_by_role("table").locator("tbody tr")
        expect(rows).to_have_count(len(output["comparables"]))
        nearest = min(output["comparables"], key=lambda one: one["distance_m"])
        expect(rows.first).to_contain_text(money(nearest["price_as_of"]))


def test_the_form_is_the_schema_of_the_champion(
    open_page: Open, server: Server
) -> None:
    """Each feature with its bounds, and nothing else; categories are chosen."""
    card = server.call("GET", "/v1/models/champion").body
    with open_page() as page:
        expect(button(page)).to_be_visible()
        for feature in card["schema"]["features"]:
            field = page.locator(f"#field-{feature['name']}")
            if feature["kind"] == "category":
                assert field.evaluate("one => one.tagName") == "SELECT"
            else:
                bounds = [field.get_attribute(one) for one in ("min", "max")]
                assert bounds == [str(feature["minimum"]), str(feature["maximum"])]
            assert field.get_attribute("required") == ""
        expect(page.locator("[id^=field-]:is(input, select)")).to_have_count(
            len(card["schema"]["features"])
        )
        # Each sample is a real sale: what it sold for is told beside its price.
        sample = card["examples"][0]
        page.get_by_role("button", name=money(sample["sold_for"])).click()
        button(page).click()

        assert job(server, priced(page))["input"] == sample["house"]
        expect(answer(page)).to_contain_text(f"sold for {money(sample['sold_for'])}")


def test_another_market_makes_another_form(open_page: Open, server: Server) -> None:
    """What may be missing is optional, rare categories can be typed, text is text."""
    card = server.call("GET", "/v1/models/champion").body
    features = {one["name"]: one for one in card["schema"]["features"]}
    shares = {one["name"]: one for one in card["profile"]["features"]}
    features["view"] |= {"required": False, "description": "<b>How</b> good it is."}
    shares["zipcode"]["shares"] = {"98001": 0.3, "98002": 0.2}
    sent: list[Any] = []

    def lose(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.abort()

    with open_page(key="", told=browser.REFUSED) as page:
        page.route("**/champion", lambda route: route.fulfill(json=card))
        page.route("**/v1/predictions", lose)
        page.get_by_role("textbox", name="API key").fill(server.token)
        page.keyboard.press("Enter")
        view = page.get_by_label("View (optional)")
        expect(view).to_have_accessible_description("<b>How</b> good it is.")
        view.fill("")
        zipcode = page.get_by_role("combobox", name="Zipcode")
        assert zipcode.evaluate("one => one.list.options.length") == 2
        zipcode.fill("12345")
        button(page).click()
        expect(answer(page)).to_contain_text("does not answer")

    (body,) = sent
    assert body["input"].keys() == features.keys() - {"view"}
    assert body["input"]["zipcode"] == "12345"


def test_reasons_are_shown_or_it_is_told_why_not(
    open_page: Open, server: Server
) -> None:
    """They need an extra: without it the service's words stand at the choice."""
    with open_page(told=browser.REFUSED) as page:
        choice = page.get_by_role("checkbox", name="Say what moves the price")
        choice.check()
        button(page).click()
        if not can_explain():
            expect(choice).to_have_accessible_description(re.compile("not installed"))
            return
        output = job(server, priced(page))["output"]

        rows = answer(page).get_by_role("table").first.locator("tbody tr")
        expect(rows).to_have_count(len(output["reasons"]))
        line = page.get_by_role("region", name="Command line").inner_text()
        assert '"explain":true' in line


def test_the_command_line_does_what_the_page_did(
    open_page: Open, server: Server
) -> None:
    """It can be pasted, and holds no key."""
    with open_page() as page:
        button(page).click()
        shown = job(server, priced(page))
        line = page.get_by_role("region", name="Command line").inner_text()

    assert server.token not in line
    environment = child_environment(KEY=server.token)
    told = subprocess.run(
        ["bash", "-c", line], env=environment, capture_output=True, check=True
    ).stdout
    assert json.loads(told)["output"] == shown["output"]


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


def test_what_is_wrong_is_told_at_its_field(open_page: Open, server: Server) -> None:
    """By the browser or by the service; the summary has the focus and leads there."""
    with open_page(told=browser.REFUSED) as page:
        bathrooms, renovated = (
            page.get_by_label(name) for name in ("Bathrooms", "Yr renovated")
        )
        bathrooms.fill("99")
        button(page).click()
        expect(bathrooms).to_have_accessible_description(re.compile("30"))
        expect(bathrooms).to_have_attribute("aria-invalid", "true")
        bathrooms.fill("2")
        renovated.fill("1750")
        button(page).click()

        expect(renovated).to_have_accessible_description(
            re.compile("Expected at least .* as in yr_built")
        )
        expect(bathrooms).to_have_attribute("aria-invalid", "false")
        summary = page.locator("form .notice")
        expect(summary).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(renovated).to_be_focused()
        page.keyboard.type("0")
        page.keyboard.press("Enter")
        assert job(server, priced(page))["input"]["yr_renovated"] == 0


def test_what_is_unusual_is_told_in_words(open_page: Open, server: Server) -> None:
    """Each flag is a sentence that leads to its field."""
    with open_page() as page:
        living = page.get_by_label("Sqft living ft²")
        living.fill("95000")
        button(page).click()
        flags = job(server, priced(page))["output"]["flags"]

        assert flags
        for flag in flags:
            expect(answer(page)).to_contain_text(flag["detail"])
        answer(page).get_by_role("button", name="Go to Sqft living").click()
        expect(living).to_be_focused()


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_by_day_and_by_night(
    open_page: Open, scheme: str
) -> None:
    """Nothing is cut off at the side, and the ground has the reader's colour."""
    with open_page(viewport=browser.PHONE, color_scheme=scheme) as page:
        button(page).click()
        priced(page)

        width = page.evaluate("document.documentElement.scrollWidth")
        assert width == browser.PHONE["width"]
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        parts = [int(part) for part in re.findall(r"\d+", ground)]
        assert all((part > 128) == (scheme == "light") for part in parts)
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


def test_the_description_of_the_api_is_shown_under_the_same_policy(
    open_page: Open,
) -> None:
    """Swagger's own scripts need nothing that stands in the page."""
    with open_page("docs") as page:
        expect(page.get_by_text("Submit a house to be priced.")).to_be_visible()

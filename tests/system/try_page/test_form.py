"""The form of a house, and what the page shows of its price."""

import json
import re
import subprocess
from typing import Any

from playwright.sync_api import Route, expect

from api.request_body import can_explain
from api.settings import child_environment
from tests.system import browser
from tests.system.api_server import Server
from tests.system.try_page.page import Open, answer, button, job, money, priced

#: Presses of Tab within which all of the page is reached.
TABS = 60


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
    told = "View. <b>How</b> good it is."
    features["view"] |= {"required": False, "description": told}
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


def test_a_unit_is_said_once(open_page: Open) -> None:
    """A column that names its unit, in whatever spelling, needs no other."""
    named = [
        ("Boarea_kvm", "m2"),
        ("Plot_sqm", "m2"),
        ("lot_m2", "m2"),
        ("Wohnflaeche", "m2"),
        ("rooms", None),
        ("sqft_lot", "ft2"),
    ]
    with open_page() as page:
        shown = page.evaluate(
            """async (named) => {
              const { unit } = await import('/assets/house_words.js');
              return named.map(([name, written]) => unit({ name, unit: written }));
            }""",
            named,
        )

    assert shown == ["", "", "", "m²", "", "ft²"]


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

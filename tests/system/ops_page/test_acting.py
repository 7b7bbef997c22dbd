"""What operators do on the page: each after a question, and once."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.system import browser
from tests.system.api_server import Server
from tests.system.ops_page.page import (
    Open,
    confirm,
    figure,
    lane_card,
)
from worker import pauses
from worker.keys import PREDICTIONS, WEBHOOKS, job_key, lane_key
from worker.lanes import Lanes


def test_a_lane_is_paused_and_resumed_by_keyboard(
    server: Server, open_page: Open
) -> None:
    """Each after a question; Escape leaves everything as it is."""
    lanes = Lanes(server.redis)
    with open_page() as page:
        button = page.locator(f"#pause-{PREDICTIONS}")
        expect(button).to_have_text("Pause…")
        _tab_to(page, button)
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert not lanes.queue(PREDICTIONS)["paused"]

        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.type("new disks")
        page.keyboard.press("Enter")
        expect(lane_card(page)).to_contain_text("new disks")
        assert lanes.queue(PREDICTIONS)["paused"]

        expect(button).to_have_text("Resume…")
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        expect(button).to_have_text("Pause…")
        assert not lanes.queue(PREDICTIONS)["paused"]


def _tab_to(page: Page, place: Locator) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if place.evaluate("node => node === document.activeElement"):
            return
    pytest.fail("the Tab key does not lead there")


def test_a_purge_wants_the_name_of_the_lane(server: Server, open_page: Open) -> None:
    """It cannot be undone; how many it concerns is said before."""
    pauses.begin(server.redis, PREDICTIONS)
    for _ in range(2):
        server.submit()
    with open_page() as page:
        lane_card(page).get_by_role("button", name="Purge…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("2 waiting jobs will end as canceled")
        go = dialog.get_by_role("button", name="Purge")
        expect(go).to_be_disabled()
        dialog.get_by_role("textbox").fill(PREDICTIONS)
        go.click()
        expect(page.get_by_role("status")).to_contain_text("2 jobs")
        expect(figure(page, "waiting")).to_have_text("0")


def test_a_purge_ends_as_many_as_were_agreed_to(open_page: Open) -> None:
    """A request ends so many at most; what comes between two of them is left alone."""
    asked: list[Any] = []

    def answer(route: Route) -> None:
        asked.append(route.request.post_data_json)
        ended, remaining = [(20_000, 5_000), (20_000, 5_000), (5_010, 40)][
            len(asked) - 1
        ]
        route.fulfill(json={"purged": ended, "remaining": remaining})

    with open_page() as page:
        page.route("**/*:purge", answer)
        lane_card(page).get_by_role("button", name="Purge…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("25,000 waiting jobs")
        dialog.get_by_role("textbox").fill(PREDICTIONS)
        confirm(page, "Purge")
        expect(page.get_by_role("status")).to_contain_text("25,010 jobs")
    assert asked == [{"dry_run": True}, None, None]


def test_what_has_begun_cannot_be_canceled_unseen(
    server: Server, open_page: Open
) -> None:
    """The question stays until it is done, and then it is said."""
    pauses.begin(server.redis, PREDICTIONS)
    server.submit()
    with open_page() as page:
        lane_card(page).get_by_role("button", name="Purge…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("textbox").fill(PREDICTIONS)
        held = browser.hold(page, "**/*:purge")
        with page.expect_request("**/*:purge"):
            confirm(page, "Purge")
        for _ in "ab":
            page.keyboard.press("Escape")
        expect(dialog).to_be_visible()
        expect(dialog.get_by_role("button", name="Cancel")).to_be_disabled()
        (route,) = held
        route.continue_()
        expect(page.get_by_role("status")).to_contain_text("1 job of Predictions")
        expect(dialog).to_have_count(0)


def test_a_purge_reaches_what_is_tried_again_later(
    server: Server, open_page: Open
) -> None:
    """Though nothing waits in line; where nothing is meant at all, that is said."""
    with open_page() as page:
        lane = lane_card(page, "Webhooks")
        lane.get_by_role("button", name="Purge…").click()
        expect(page.get_by_role("status")).to_have_text("Nothing waits in Webhooks.")
        server.redis.set(lane_key("number", WEBHOOKS), 1)
        lane.get_by_role("button", name="Purge…").click()
        expect(page.get_by_role("dialog")).to_contain_text("1 waiting job")


def test_an_action_is_asked_about_once(open_page: Open, letter: str) -> None:
    """However often its button is pressed."""
    with open_page() as page:
        held = browser.hold(page, "**/*:replay")
        replay = page.get_by_role("button", name=f"Replay {letter}")
        page.get_by_text("The newest 1 of 1").click()
        with page.expect_request("**/*:replay"):
            replay.click()
        replay.click()
        assert len(held) == 1
        page.unroute("**/*:replay")
        confirm(page, "Replay 1")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_dead_letter_is_replayed(
    server: Server, open_page: Open, letter: str
) -> None:
    """Its cause is told, and how many houses a replay concerns."""
    with open_page() as page:
        letters = page.locator("#panel-dead-letters")
        expect(letters).to_contain_text("1 house Its worker died 3 times")
        expect(letters).to_contain_text(letter)
        letters.get_by_role("listitem").get_by_role("button", name="Replay…").click()
        expect(page.get_by_role("dialog")).to_contain_text(
            "1 house will be priced again"
        )
        assert server.redis.hget(job_key(letter), "state") == b"failed"
        confirm(page, "Replay 1")

        expect(page.get_by_role("status")).to_have_text("1 house waits anew.")
        expect(letters).to_contain_text("None.")
        assert server.redis.hget(job_key(letter), "state") == b"queued"


def test_a_dead_letter_is_discarded_once_that_is_typed(
    server: Server, open_page: Open, letter: str
) -> None:
    """Erased for good."""
    with open_page() as page:
        letters = page.locator("#panel-dead-letters")
        letters.get_by_role("button", name="Discard…").click()
        page.get_by_role("dialog").get_by_role("textbox").fill("discard")
        confirm(page, "Discard 1")
        expect(letters).to_contain_text("None.")
        assert not server.redis.exists(job_key(letter))
        expect(page.locator("#panel-audit")).to_contain_text("discard")

"""The page for operators in a real browser, on a real API with real workers."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from model_store.store import ModelStore
from tests import dead_letters
from tests.patience import wait_until
from tests.system import api_server, axe, browser, installation
from tests.system.api_server import Server, frozen
from tests.system.installation import Installation
from tests.worker.conftest import clock
from worker import pauses
from worker.credentials import ApiKeys
from worker.lanes import Lanes
from worker.ledger import API_KEYS, PREDICTIONS, WEBHOOKS, Ledger, job_key, lane_key
from worker.queue import Queue
from worker.settings import WorkerSettings

Open = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def place(
    chromium: Browser, store: ModelStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Return an installation of which only the server runs yet."""
    del chromium  # Without one nothing need be started.
    folder = tmp_path_factory.mktemp("ops") / "var"
    with installation.running(folder, store) as place:
        yield place


@pytest.fixture(scope="module")
def running(store: ModelStore, place: Installation) -> Iterator[Server]:
    """Run the API of the installation."""
    with api_server.running(place, place.stack.api(), store) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    """Return the API; what a test left behind goes."""
    yield running
    names: Any = running.redis.keys()
    running.redis.delete(*({b"none", *names} - {API_KEYS.encode()}))


@pytest.fixture
def address(server: Server) -> str:
    """Return where the page is."""
    return f"http://127.0.0.1:{server.port}/ops"


@pytest.fixture
def operator(server: Server) -> str:
    """Return a key of an operator."""
    return _key(server, "operate", "read")


@pytest.fixture
def open_page(chromium: Browser, address: str, operator: str) -> Open:
    """Return what opens the page as an operator."""
    return partial(browser.opened, chromium, address, key=operator)


@pytest.fixture
def letter(server: Server) -> str:
    """Return the id of a dead letter."""
    settings = WorkerSettings()
    book = Ledger(server.redis, settings)
    (job_id,) = dead_letters.made(Queue(server.redis, settings), book, server.redis)
    return job_id


def _key(server: Server, *scopes: str) -> str:
    tenant = "operator" if "operate" in scopes else "acme"
    token, _ = ApiKeys(server.redis).create(tenant=tenant, scopes=scopes)
    return token


def _lane(page: Page, name: str = "Predictions") -> Locator:
    return page.get_by_role("article", name=name)


def _figure(page: Page, words: str) -> Locator:
    """Return a figure of the predictions, by what stands below it."""
    return (
        _lane(page)
        .locator("div", has=page.get_by_text(words, exact=True))
        .locator("dd")
    )


def _confirm(page: Page, verb: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=verb, exact=True).click()


def _plant_history(server: Server, *ages_s: int) -> None:
    """Keep points of the past, a job a second between them."""
    now = clock(server.redis)
    for age_s in sorted(ages_s, reverse=True):
        count = 10_000 - age_s
        point = f"{now - age_s * 1000} {count} {count} 0 0 0 0 {count} {count * 5}"
        server.redis.lpush(lane_key("history", PREDICTIONS), point)


def test_only_a_key_of_an_operator_opens_the_page(
    chromium: Browser, address: str, server: Server, operator: str
) -> None:
    """What is wrong with another is said in a sentence, and another can be given."""
    customer = _key(server, "predict", "read")
    with browser.opened(chromium, address, told=browser.REFUSED) as page:
        _sign_in(page, "kb_nobody_knows")
        expect(page.get_by_role("dialog")).to_contain_text("unknown")
        _sign_in(page, customer)
        expect(page.get_by_role("alert")).to_contain_text("scope 'operate'")
        expect(page.locator("#state")).to_have_text("Not signed in")
        page.get_by_role("button", name="Sign in with another key").click()
        _sign_in(page, operator)
        expect(page.locator("#state")).to_contain_text("Live")
        expect(page.get_by_role("alert")).to_be_empty()


def _sign_in(page: Page, key: str) -> None:
    page.get_by_label("API key", exact=True).fill(key)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Sign in", exact=True).click()


def test_figures_move_as_jobs_come_and_go(
    server: Server, place: Installation, open_page: Open
) -> None:
    """A line without a worker is told in words; a worker that comes takes it."""
    with open_page() as page:
        expect(_lane(page)).to_contain_text("No worker takes from this lane")
        for _ in range(3):
            server.submit()
        expect(_figure(page, "waiting")).to_have_text("3")
        expect(_lane(page)).to_contain_text("3 jobs wait")

        (spec,) = place.stack.prediction_workers()
        worker = place.start(spec)
        expect(_figure(page, "waiting")).to_have_text("0")
        expect(_figure(page, "workers")).to_have_text("1")
        expect(page.locator("#panel-workers")).to_contain_text("predictions-1@")
        worker.terminate()
        wait_until(worker.has_ended)


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
        expect(_lane(page)).to_contain_text("new disks")
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
        _lane(page).get_by_role("button", name="Purge…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("2 waiting jobs will end as canceled")
        go = dialog.get_by_role("button", name="Purge")
        expect(go).to_be_disabled()
        dialog.get_by_role("textbox").fill(PREDICTIONS)
        go.click()
        expect(page.get_by_role("status")).to_contain_text("2 jobs")
        expect(_figure(page, "waiting")).to_have_text("0")


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
        _lane(page).get_by_role("button", name="Purge…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("25,000 waiting jobs")
        dialog.get_by_role("textbox").fill(PREDICTIONS)
        _confirm(page, "Purge")
        expect(page.get_by_role("status")).to_contain_text("25,010 jobs")
    assert asked == [{"dry_run": True}, None, None]


def test_what_has_begun_cannot_be_canceled_unseen(
    server: Server, open_page: Open
) -> None:
    """The question stays until it is done, and then it is said."""
    pauses.begin(server.redis, PREDICTIONS)
    server.submit()
    with open_page() as page:
        _lane(page).get_by_role("button", name="Purge…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("textbox").fill(PREDICTIONS)
        held = browser.hold(page, "**/*:purge")
        with page.expect_request("**/*:purge"):
            _confirm(page, "Purge")
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
        lane = _lane(page, "Webhooks")
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
        _confirm(page, "Replay 1")
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
        _confirm(page, "Replay 1")

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
        _confirm(page, "Discard 1")
        expect(letters).to_contain_text("None.")
        assert not server.redis.exists(job_key(letter))
        expect(page.locator("#panel-audit")).to_contain_text("discard")


def test_a_chart_is_read_by_keyboard_and_as_a_table(
    server: Server, open_page: Open
) -> None:
    """Each point in words; where nobody looked the line has a gap."""
    _plant_history(server, 300, 290, 280, 120, 110, 100)
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


def test_history_that_stands_still_is_told(server: Server, open_page: Open) -> None:
    """It is the upkeep that is missing."""
    _plant_history(server, 300, 290)
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
        expect(_figure(page, "waiting")).to_have_text("0")
        server.submit()
        expect(_figure(page, "waiting")).to_have_text("1")


def test_times_of_another_day_tell_their_date(open_page: Open, letter: str) -> None:
    """On a page that is open since, too, though what they are of stands still."""
    with open_page() as page:
        page.clock.install()
        page.reload()
        letters = page.locator("#panel-dead-letters")
        expect(letters).to_contain_text(letter)
        page.clock.fast_forward("24:00:00")
        expect(letters).to_contain_text(re.compile(r"[A-Z][a-z]+ 20\d\d, \d\d:"))


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
    _plant_history(server, 300, 290, 120, 110)
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


def test_a_key_that_may_not_read_models_is_told_so(
    chromium: Browser, address: str, server: Server
) -> None:
    """The rest of the page works."""
    key = _key(server, "operate")
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

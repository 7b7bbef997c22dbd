"""What stands on the page, and what is behind it."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from playwright.sync_api import Locator, Page

from tests.system.api_server import Server
from tests.worker.conftest import clock
from worker.credentials import ApiKeys
from worker.keys import PREDICTIONS, lane_key

Open = Callable[..., AbstractContextManager[Page]]


def new_key(server: Server, *scopes: str) -> str:
    """Return a new key of an operator, or of a customer."""
    tenant = "operator" if "operate" in scopes else "acme"
    token, _ = ApiKeys(server.redis).create(tenant=tenant, scopes=scopes)
    return token


def lane_card(page: Page, name: str = "Predictions") -> Locator:
    """Return what the page shows of a lane."""
    return page.get_by_role("article", name=name)


def figure(page: Page, words: str) -> Locator:
    """Return a figure of the predictions, by what stands below it."""
    return (
        lane_card(page)
        .locator("div", has=page.get_by_text(words, exact=True))
        .locator("dd")
    )


def confirm(page: Page, verb: str) -> None:
    """Say yes to a question."""
    page.get_by_role("dialog").get_by_role("button", name=verb, exact=True).click()


def plant_history(server: Server, *ages_s: int, waited_s: int = 0) -> None:
    """Keep points of the past, a job a second between them; the first may wait on."""
    now = clock(server.redis)
    first = now - waited_s * 1000 if waited_s else 0
    for age_s in sorted(ages_s, reverse=True):
        count = 10_000 - age_s
        point = (
            f"{now - age_s * 1000} {count} {count} 0 0 {first} 0 {count} {count * 5}"
        )
        server.redis.lpush(lane_key("history", PREDICTIONS), point)

"""What stands on the page, and what the API says of it."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.system.api_server import Server
from worker.credentials import ApiKeys
from worker.limits import RateLimit

Open = Callable[..., AbstractContextManager[Page]]


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

"""A real browser that looks at the pages of a running API."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from api.settings import child_environment
from tests.patience import PATIENCE_S

#: What a browser tells of answers that are no success, and of none.
REFUSED = "Failed to load resource"
PHONE = {"width": 360, "height": 740}

#: Root has no sandbox, and a test asks nobody for updates.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


@contextlib.contextmanager
def running() -> Iterator[Browser]:
    """Run Chromium without a window; skip where there is none, but never in CI."""
    program = shutil.which("chromium")
    if program is None and not child_environment().get("CI"):
        pytest.skip("chromium is not installed")
    assert program, "CI installs chromium"
    expect.set_options(timeout=PATIENCE_S * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*_ARGUMENTS]
        )
        with contextlib.closing(browser):
            yield browser


@contextlib.contextmanager
def opened(
    browser: Browser, address: str, *, key: str = "", told: str = "", **options: Any
) -> Iterator[Page]:
    """Open a page in a tab of its own; nothing may go wrong in it.

    Args:
        browser: Where.
        address: Of the page.
        key: The API key of the tab, as if it had been typed in.
        told: Pattern of what the browser's console may tell all the same.
        **options: Of the tab, such as `viewport`.
    """
    wrong: list[str] = []
    with contextlib.closing(browser.new_context(**options)) as context:
        if key:
            context.add_init_script(
                f"sessionStorage.getItem('kerbside.key') ?? "
                f"sessionStorage.setItem('kerbside.key', '{key}')"
            )
        page = context.new_page()
        # Refusals by the Content-Security-Policy are told on the console too.
        page.on(
            "console",
            lambda line: wrong.append(line.text) if line.type == "error" else None,
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        yield page
    unexpected = [line for line in wrong if not (told and re.search(told, line))]
    assert not unexpected, unexpected


def hold(page: Page, pattern: str) -> list[Route]:
    """Return the list of what a page asks from now on; each waits for `continue_`."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(pattern, keep)
    return held


def check_fit(page: Page, scheme: str) -> None:
    """Check that a phone shows the whole width, on the ground of a colour scheme."""
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == PHONE["width"]
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    parts = [int(part) for part in re.findall(r"\d+", ground)]
    assert all((part > 128) == (scheme == "light") for part in parts)

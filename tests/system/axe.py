"""axe-core judges how accessible a page is; npm brings it."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.system import npm


def source(folder: Path) -> str:
    """Return the script; skip where npm cannot bring it, but never in CI."""
    npm.install(Path(__file__).parent / "axe_core", folder)
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


def violations(page: Page, script: str) -> list[str]:
    """Return what is wrong with the page as it stands, and where."""
    page.evaluate(script)
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{one['id']}: {node['html']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]

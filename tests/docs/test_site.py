"""The laws of the site that `make docs` builds."""

import re
from pathlib import Path

import pytest

from tests.docs.html_page import HtmlPage, is_external


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, HtmlPage]:
    """Return every page by its file."""
    return {path.resolve(): HtmlPage(path) for path in site.rglob("*.html")}


def test_every_link_leads_to_a_file_and_an_anchor_that_exist(
    pages: dict[Path, HtmlPage],
) -> None:
    """A reader who follows a link of the site arrives."""
    lost = []
    for page in pages.values():
        for address in [*page.links, *page.loads]:
            # The script of the theme makes this one.
            if is_external(address) or address == "#":
                continue
            path, anchor = page.target(address)
            anchors = pages[path].anchors if path in pages else {anchor}
            if not path.is_file() or anchor not in {"", *anchors}:
                lost.append(f"{page.path.name}: {address}")

    assert lost == []


def test_no_page_loads_anything_from_elsewhere(
    pages: dict[Path, HtmlPage], site: Path
) -> None:
    """The site works on a machine without internet, and tells nobody who reads it."""
    loaded = [one for page in pages.values() for one in page.loads if is_external(one)]
    styles = "".join(path.read_text() for path in site.rglob("*.css"))

    assert [one for one in loaded if not one.startswith("data:")] == []
    assert re.findall(r"url\(\W?https?:|@import\W+(?:url\()?\W?https?:", styles) == []


def test_every_page_can_be_reached_from_the_first(
    pages: dict[Path, HtmlPage], site: Path
) -> None:
    """The contents list every page."""
    reached: set[Path] = set()
    to_visit = {(site / "index.html").resolve()}
    while to_visit:
        path = to_visit.pop()
        reached.add(path)
        page = pages[path]
        linked = {page.target(one)[0] for one in page.links if not is_external(one)}
        to_visit |= (linked & pages.keys()) - reached

    # The form beside the contents leads to the search, no link.
    assert {path.name for path in pages.keys() - reached} == {"search.html"}

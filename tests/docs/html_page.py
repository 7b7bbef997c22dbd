"""What a page of the site refers to, loads and can be referred to by."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class HtmlPage(HTMLParser):
    """A built page, read.

    Attributes:
        links: Every address in it that a reader may follow.
        loads: Every address that the browser fetches for it by itself.
        anchors: Every place in it that a link may name.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element says."""
        found = {name: value for name, value in attrs if value is not None}
        if "id" in found:
            self.anchors.add(found["id"])
        if "src" in found:
            self.loads.append(found["src"])
        if "href" in found:
            (self.links if tag == "a" else self.loads).append(found["href"])

    def target(self, address: str) -> tuple[Path, str]:
        """Return the file and the anchor that an address of the site leads to."""
        parts = urlsplit(address)
        path = self.path.parent / unquote(parts.path) if parts.path else self.path
        return path.resolve(), unquote(parts.fragment)


def is_external(address: str) -> bool:
    """Tell whether an address leads out of the site."""
    return bool(urlsplit(address).scheme or urlsplit(address).netloc)

"""Settings of Sphinx, which builds the site out of the pages of this folder."""

from pathlib import Path

from sphinx.application import Sphinx

import api
from docs.generated import PAGES

project = "Kerbside"
author = "The Kerbside authors"
release = version = api.__version__
html_title = f"Kerbside {release}"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_static"]
nitpicky = True
# Commands and options stay as they are typed.
smartquotes = False

#: Levels of headings with the anchors that code forges give them: links to others are
#: faults.
myst_heading_anchors = 4

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_use_index = False
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options: dict[str, list[str]] = {"top_of_page_buttons": []}

#: Guides in the order in which they are read; others follow them.
_GUIDES = (
    "submit-and-poll",
    "client",
    "csv",
    "lists",
    "cancel-retry-delete",
    "errors",
    "own-sales",
    "model-store",
    "limits",
    "own-redis",
    "several-hosts",
    "monitor",
    "doctor",
    "dead-letters",
    "lanes",
    "command-line",
)


def _guides() -> list[str]:
    written = {path.stem for path in (Path(__file__).parent / "howto").glob("*.md")}
    return [f"howto/{page}" for page in (*_GUIDES, *sorted(written - {*_GUIDES}))]


#: The contents of the site in order.
CONTENTS = {
    "Start": ["quickstart"],
    "Guides": [*_guides(), "runbook"],
    "Reference": [f"reference/{page.removesuffix('.md')}" for page in PAGES],
    "Explanation": [
        "explanation/architecture",
        "explanation/states",
        "explanation/promises",
        "explanation/monitoring",
        "explanation/verdicts",
        "explanation/security",
        "decisions/README",
        "evaluation/README",
        "benchmarks",
        "scale",
    ],
}


def setup(app: Sphinx) -> None:
    """Let the contents be put in as the pages are read."""
    app.connect("source-read", _add_contents)


def _add_contents(_: Sphinx, page: str, source: list[str]) -> None:
    """Add what only Sphinx understands, so that the pages stay readable elsewhere."""
    if page == root_doc:
        for caption, pages in CONTENTS.items():
            source[0] += _contents(pages, caption)
    if page == "decisions/README":
        source[0] += _contents(["[0-9]*"])


def _contents(pages: list[str], caption: str = "") -> str:
    options = f":hidden:\n:glob:\n:caption: {caption}".removesuffix("\n:caption: ")
    listed = "\n".join(pages)
    return f"\n\n```{{toctree}}\n{options}\n\n{listed}\n```\n"

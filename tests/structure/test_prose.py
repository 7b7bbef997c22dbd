"""What the pages promise exists."""

import re
from pathlib import Path

import pytest

from tests.structure import source

PAGES = [
    *sorted(source.ROOT.glob("*.md")),
    *sorted((source.ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_relative_link_leads_to_a_file(path: Path) -> None:
    """A reader who follows a link arrives."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_make_verb_that_is_named_exists() -> None:
    """A command from a page or from CI can be typed as it stands."""
    files = [*PAGES, source.ROOT / ".ci" / "run"]
    named = {
        verb
        for path in files
        for verb in re.findall(
            r"(?:^|`)(?:timeout \S+ )?make ([a-z][a-z0-9-]*)",
            path.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }

    assert named - _verbs() == set()


def test_the_makefile_has_at_most_fifteen_verbs() -> None:
    """The verbs fit into one head."""
    assert len(_verbs()) <= 15


def _verbs() -> set[str]:
    makefile = (source.ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z0-9-]*):.*##", makefile, re.MULTILINE))

"""The pages of docs/reference that are made from the code say what the code says."""

import re

import pytest

from docs import settings_page
from tests.structure import source


@pytest.fixture(scope="module")
def page() -> str:
    """Return the settings page as the code would write it now."""
    return settings_page.render()


def test_the_settings_page_is_up_to_date(page: str) -> None:
    """After a change of settings, `make docs` was run."""
    path = source.ROOT / "docs" / "reference" / "settings.md"

    assert path.read_text(encoding="utf-8") == page


def test_every_setting_says_what_it_is_for() -> None:
    """A setting without a description is not for its reader."""
    assert [
        name for name, field in settings_page.fields() if not field.description
    ] == []


def test_every_variable_that_the_repository_names_is_a_setting(page: str) -> None:
    """No code, page or target relies on a KERBSIDE_ variable that nothing reads."""
    readers = [
        *source.modules(),
        source.ROOT / "README.md",
        source.ROOT / "CONTRIBUTING.md",
        source.ROOT / "Makefile",
        *(source.ROOT / "docs" / "howto").glob("*.md"),
    ]
    named = {
        name
        for path in readers
        for name in _variables(path.read_text(encoding="utf-8"))
    }

    assert named - _variables(page) == set()


def _variables(text: str) -> set[str]:
    return set(re.findall(r"\bKERBSIDE_[A-Z0-9_]*[A-Z0-9]\b", text))

"""The pages of docs/reference that are made from the code say what the code says."""

import re

import pytest

from docs import problems_page, settings_page
from docs.generated import CHART_FILES, PAGES
from docs.remedies import REMEDIES
from tests.structure import source

REFERENCE = source.ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def settings() -> str:
    """Return the settings page as the code would write it now."""
    return settings_page.render()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_up_to_date(name: str) -> None:
    """After a change of what it is made from, `make docs` was run."""
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name]()


@pytest.mark.parametrize("name", CHART_FILES)
def test_a_file_of_the_chart_that_is_made_from_the_code_is_up_to_date(
    name: str,
) -> None:
    """After a change of what it is made from, `make docs` was run."""
    path = source.ROOT / "helm" / "kerbside" / name

    assert path.read_text(encoding="utf-8") == CHART_FILES[name]()


def test_every_page_of_the_reference_is_made_from_the_code() -> None:
    """None is left over and none is written by hand."""
    assert {path.name for path in REFERENCE.iterdir()} == set(PAGES)


def test_every_problem_type_has_a_remedy_and_no_other_has() -> None:
    """Whoever meets an error reads what to do about it."""
    assert {one.slug for one in problems_page.problems()} == set(REMEDIES)


def test_every_setting_says_what_it_is_for() -> None:
    """A setting without a description is not for its reader."""
    assert [
        name for name, field in settings_page.fields() if not field.description
    ] == []


def test_every_variable_that_the_repository_names_is_a_setting(settings: str) -> None:
    """No code, page or target relies on a KERBSIDE_ variable that nothing reads."""
    readers = [
        *source.modules(),
        source.ROOT / "README.md",
        source.ROOT / "CONTRIBUTING.md",
        source.ROOT / "Makefile",
        *(source.ROOT / "docs").rglob("*.md"),
    ]
    named = {
        name
        for path in readers
        for name in _variables(path.read_text(encoding="utf-8"))
    }

    assert named - _variables(settings) == set()


def _variables(text: str) -> set[str]:
    return set(re.findall(r"\bKERBSIDE_[A-Z0-9_]*[A-Z0-9]\b", text))

"""Every Redis key is listed in one place, and every script opens with its own."""

import ast
from pathlib import Path

import pytest

from tests.structure import source

KEYS = source.ROOT / "worker" / "keys.py"


@pytest.fixture
def key_table() -> set[str]:
    """Return the keys in the docstring of worker/keys.py."""
    docstring = ast.get_docstring(ast.parse(KEYS.read_text(encoding="utf-8")))
    return source.key_families(docstring or "")


@pytest.mark.parametrize("path", source.scripts(), ids=lambda path: path.name)
def test_a_script_opens_with_every_key_that_it_names(path: Path) -> None:
    """A reader of a script sees at its top what it touches."""
    opening = source.opening_comment(path)

    assert opening
    assert source.key_families(path.read_text(encoding="utf-8")) <= source.key_families(
        opening
    )


def test_only_one_module_and_the_scripts_spell_keys() -> None:
    """Whoever needs a key asks worker/keys.py for it."""
    spelt = {
        f"{path.relative_to(source.ROOT)}: {found}"
        for path in source.modules()
        if path != KEYS
        for found in source.key_spellings(path.read_text(encoding="utf-8"))
    }

    assert spelt == set()


def test_the_key_table_lists_every_key_and_no_other(key_table: set[str]) -> None:
    """The docstring of worker/keys.py tells the whole truth about Redis."""
    used = set()
    for path in [*source.modules(), *source.scripts()]:
        text = path.read_text(encoding="utf-8")
        if path == KEYS:
            docstring = ast.get_docstring(ast.parse(text), clean=False) or ""
            text = text.replace(docstring, "")
        used |= source.key_families(text)

    assert used == key_table

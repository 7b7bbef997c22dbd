"""Every guard that docs/explanation/security.md tells of has a test that exists."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.structure import source

PAGE = source.ROOT / "docs" / "explanation" / "security.md"


def _rows() -> Iterator[list[str]]:
    """Yield the cells of each row, heads left out."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in {"who", "---"}:
            yield cells


ROWS = list(_rows())


@pytest.mark.parametrize("cells", ROWS, ids=lambda cells: cells[1][:40])
def test_every_row_names_tests_that_exist(cells: list[str]) -> None:
    """A guard without one is a wish."""
    who, what, guard, tests = cells
    named = re.findall(r"`(tests/[^`]+)`", tests)

    assert who
    assert what
    assert guard
    assert named
    assert re.sub(r"`tests/[^`]+`", "", tests).strip(", ") == ""
    for one in named:
        path, _, name = one.partition("::")
        tree = ast.parse((source.ROOT / path).read_text(encoding="utf-8"))
        assert name in {
            node.name for node in tree.body if isinstance(node, ast.FunctionDef)
        }, f"{path} has no test {name}"


def test_the_page_has_rows_of_every_kind() -> None:
    """The test above reads them all."""
    told = PAGE.read_text(encoding="utf-8")

    assert len(ROWS) == told.count("\n| ") - told.count("\n| who |")
    assert len(ROWS) > 30

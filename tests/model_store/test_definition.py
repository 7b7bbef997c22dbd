"""A definition says everything that the code knows about a table."""

import ast
import json
from pathlib import Path

import pytest

from model_store.dataset import SHIPPED
from model_store.definition import read
from model_store.errors import DatasetError
from tests.model_store.conftest import OTHER_MARKET, Writer

ROOT = Path(__file__).parents[2]


def test_no_code_knows_the_shipped_columns() -> None:
    """Another table needs another definition and no other code."""
    columns = {feature.name for feature in read(SHIPPED).features}
    sources = [
        p
        for name in ("api", "worker", "model_store")
        for p in (ROOT / name).rglob("*.py")
    ]

    texts = {
        node.value
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    # The first letters of a latitude in any table, by which `columns` finds places.
    assert columns & texts <= {"lat"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"currency": None}, "currency"),
        ({"colour": "red"}, "colour"),
        ({"features": []}, "at least one feature"),
        ({"features": OTHER_MARKET["features"][1:3]}, "feature that is a number"),
        ({"target": "area"}, "different columns"),
        ({"id": "day"}, "different columns"),
        ({"test_from": "soon"}, "test_from"),
        (
            {"features": [OTHER_MARKET["features"][0] | {"kind": "text"}]},
            "features.0.kind",
        ),
        (
            {"features": [OTHER_MARKET["features"][0] | {"name": "json"}]},
            "rename the column",
        ),
    ],
)
def test_a_bad_definition_is_refused_by_file_and_place(
    other_market: Writer, changes: dict[str, object], named: str
) -> None:
    """The message says which file and which part of it."""
    path = other_market(**changes)

    with pytest.raises(DatasetError, match=named) as refused:
        read(path)

    assert str(path) in str(refused.value)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    """A missing or broken file is the same clear error."""
    broken = tmp_path / "broken.json"
    broken.write_text("{")

    for path in (broken, tmp_path / "missing.json"):
        with pytest.raises(DatasetError, match=path.name):
            read(path)


def test_the_shipped_definition_keeps_no_unknown_key() -> None:
    """Every key of the shipped file is one that is read."""
    keys = set(json.loads(SHIPPED.read_text()))

    assert keys <= set(vars(read(SHIPPED)))

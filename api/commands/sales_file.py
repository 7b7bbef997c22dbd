"""Sales of a file: a CSV table, a JSON document, or a JSON object a line."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from api import sales_table
from api.house_file import HouseFile, WrongFile

#: Where a sale stands in its file, in words, and what it says.
Placed = tuple[str, dict[str, Any]]


def read(
    text: bytes, name: str, features: Callable[[], Mapping[str, str]]
) -> list[Placed]:
    """Return the sales of a file.

    Args:
        text: All of it.
        name: What messages call it.
        features: Returns the kind of each feature of a house; it is asked of a table
            that tells houses alone.

    Raises:
        WrongFile: It has none, or cannot be read.
    """
    is_json = text.lstrip()[:1] in {b"{", b"["}
    sales = _of_json(text, name) if is_json else _of_table(text, name, features)
    if not sales:
        raise WrongFile(f"{name} tells no sale.")
    return sales


def _of_table(
    text: bytes, name: str, features: Callable[[], Mapping[str, str]]
) -> list[Placed]:
    table = HouseFile(io.BytesIO(text), name)
    is_of_ids = set(table.columns) <= sales_table.OWN.keys()
    kinds = sales_table.OWN if is_of_ids else {**features(), **sales_table.OWN}
    unknown = [repr(column) for column in table.columns if column not in kinds]
    if unknown:
        raise WrongFile(
            f"{name}, line 1: no column of a sale: {', '.join(unknown)}. "
            "Leave it out, or rename it."
        )
    return [(f"line {line}", told) for line, told in sales_table.rows(table, kinds)]


def _of_json(text: bytes, name: str) -> list[Placed]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return [
            (f"line {number}", _sale(_of_line(line, name, number), name, number))
            for number, line in enumerate(text.splitlines(), 1)
            if line.strip()
        ]
    if isinstance(document, dict):
        document = document.get("outcomes", [document])
    listed = document if isinstance(document, list) else [document]
    return [(f"sale {at}", _sale(one, name, at)) for at, one in enumerate(listed, 1)]


def _of_line(line: bytes, name: str, number: int) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise WrongFile(
            f"{name}, line {number}: not JSON: {error.msg}. "
            "Expected an object a line, or one list of them."
        ) from None


def _sale(found: Any, name: str, number: int) -> dict[str, Any]:
    if isinstance(found, dict):
        return found
    raise WrongFile(f"{name}, sale {number}: expected a JSON object.")

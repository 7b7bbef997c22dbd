"""Houses in a table: what is sent of it, and the columns that it gets."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, Self

from .errors import KerbsideError
from .houses import is_there, whole
from .prediction import Prediction

#: What a table or file tells of each house: the price and what belongs to it.
RESULT_COLUMNS = (
    "price",
    "low",
    "high",
    "currency",
    "level",
    "fsd",
    "confidence",
    "in_distribution",
    "flags",
    "model_version",
    "prediction_id",
    "error",
)
#: How like a missing feature a column's name must be to be taken for it; 1 is the same.
_ALIKE = 0.8

Feature = Mapping[str, Any]


class Table(Protocol):
    """Houses as a DataFrame of pandas holds them."""

    def to_dict(self, orient: Literal["records"]) -> Any:
        """Return a dictionary for each row."""

    def assign(self, **columns: Any) -> Self:
        """Return a copy with further columns."""


def result_columns(result: Prediction | KerbsideError) -> dict[str, Any]:
    """Return what RESULT_COLUMNS hold of a house; None for what there is not."""
    seen = getattr(result, "prediction", result)
    columns = {name: getattr(seen, name, None) for name in RESULT_COLUMNS}
    error = str(result) if isinstance(result, KerbsideError) else None
    return columns | {"prediction_id": getattr(seen, "id", None), "error": error}


def cells(result: Prediction | KerbsideError) -> tuple[Any, ...]:
    """Return the cells of a house in the order of RESULT_COLUMNS."""
    return tuple(result_columns(result).values())


def records(table: Table) -> list[dict[Any, Any]]:
    """Return the rows of a table.

    Raises:
        ValueError: It has columns that results would overwrite.
    """
    rows: list[dict[Any, Any]] = table.to_dict("records")
    if taken := [name for name in RESULT_COLUMNS if rows and name in rows[0]]:
        names = ", ".join(map(repr, taken))
        raise ValueError(f"rename the columns {names}: results have these names")
    return rows


def kinds(names: Collection[Any], features: Iterable[Feature]) -> dict[str, str]:
    """Return the kind of each column that is a feature, by its name.

    Raises:
        ValueError: A required feature has no column, or a column looks like a misspelt
            feature; all of them are told.
    """
    known = {feature["name"]: feature for feature in features}
    faults = []
    for feature, near in without_column(names, known.values()):
        if near is not None:
            faults.append(f"no column {feature['name']!r}, but {near!r}: rename it")
        elif feature["required"]:
            faults.append(f"no column {feature['name']!r}")
    if faults:
        raise ValueError("; ".join(faults))
    return {name: known[name]["kind"] for name in names if name in known}


def without_column(
    names: Collection[Any], features: Collection[Feature]
) -> Iterator[tuple[Feature, str | None]]:
    """Yield each feature that no column has the name of.

    With it comes the column that looks like a misspelling of it, if there is one.
    """
    known = {feature["name"] for feature in features}
    others = [name for name in names if isinstance(name, str) and name not in known]
    spellings = {other.casefold(): other for other in others}
    for feature in features:
        name = feature["name"]
        if name not in names:
            folded = name.casefold()
            near = difflib.get_close_matches(folded, spellings, n=1, cutoff=_ALIKE)
            yield feature, spellings[near[0]] if near else None


def house(row: Mapping[Any, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return the features of a row as the model wants them."""
    return {name: _fitting(row[name], kind) for name, kind in kinds.items()}


def with_results(table: Any, rows: Sequence[tuple[Any, ...]]) -> Any:
    """Return the table with RESULT_COLUMNS added."""
    columns = zip(*rows, strict=True) if rows else [()] * len(RESULT_COLUMNS)
    named = zip(RESULT_COLUMNS, map(list, columns), strict=True)
    return table.assign(**dict(named))


def _fitting(value: Any, kind: str) -> Any:
    value = whole(value)
    return str(value) if kind == "category" and is_there(value) else value

"""Which columns of a file are features of a model, and what their cells mean."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from api.client import table
from api.house_file import WrongFile
from worker import cells

Feature = Mapping[str, Any]


def kinds(
    columns: Sequence[str], features: Iterable[Feature], no_features: Collection[str]
) -> dict[str, str]:
    """Return the kind of each column that is a feature, by its name.

    Args:
        columns: Names of the columns.
        features: Those of a model version, as its card tells them.
        no_features: Columns that are known to be none, whatever they are called.

    Raises:
        WrongFile: A feature is missing, a column looks like a misspelt one, or there is
            no column of a name in `no_features`.
    """
    known = {feature["name"]: feature for feature in features}
    usable = [name for name in columns if name not in no_features]
    faults = [
        f"--no-feature {name}: there is no such column."
        for name in no_features
        if name not in columns
    ]
    faults += [
        fault
        for feature, near in table.without_column(usable, known.values())
        if (fault := _fault(feature, near, no_features))
    ]
    if faults:
        raise WrongFile("\n".join(faults))
    return {name: known[name]["kind"] for name in usable if name in known}


def house(
    row: Sequence[str], columns: Sequence[str], kinds: Mapping[str, str]
) -> dict[str, Any]:
    """Return the house that a row tells; what an empty cell stands for is absent."""
    return {
        name: cells.value(cell, kinds[name])
        for name, cell in zip(columns, row, strict=True)
        if name in kinds and cell
    }


def _fault(
    feature: Feature, near: str | None, no_features: Collection[str]
) -> str | None:
    """Say what is wrong about a feature that no column is to have the name of."""
    name, is_required = feature["name"], feature["required"]
    if name in no_features:
        return f"--no-feature {name}: the model needs it." if is_required else None
    if near is not None:
        way_out = "" if is_required else f", or say --no-feature {near}"
        return f"No column {name!r}, but {near!r}: rename it{way_out}."
    if is_required:
        return f"No column {name!r}: {feature['description']}"
    return None

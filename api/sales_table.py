"""Sales in a table: one a line, and the first line names the columns."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.house_file import HouseFile
from worker import cells

#: Kind of each column that is no feature of a house.
OWN = {
    "prediction_id": "category",
    "property_id": "category",
    "price": "number",
    "sold_on": "category",
}
#: What names a house that is known.
_NAMING = {"prediction_id", "property_id"}


def rows(
    table: HouseFile, kinds: Mapping[str, str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line that each sale ends in, and what JSON would say of it.

    Args:
        table: Columns that have no kind are passed over.
        kinds: Kind of each column that is known, those of `OWN` too.

    Raises:
        WrongFile: It is no table.
    """
    columns = table.columns
    for line, row in table.numbered_rows():
        told: dict[str, Any] = {
            name: cells.value(cell, kinds[name])
            for name, cell in zip(columns, row, strict=True)
            if cell and name in kinds
        }
        house = {name: told.pop(name) for name in list(told) if name not in OWN}
        # A table of priced houses has their ids beside them.
        if house and not _NAMING & told.keys():
            told["input"] = house
        yield line, told

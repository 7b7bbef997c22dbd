"""How the cells of a table are written, beside what they mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import ConfigDict


@dataclass(frozen=True)
class TableForm:
    """How a file of sales is to be read; a Parquet file needs `names` and `sign` alone.

    Attributes:
        delimiter: Between two cells.
        encoding: Of the text, as Python calls it.
        decimal: Between the whole and the rest of a number.
        thousands: Between groups of three digits; None where digits are not grouped.
        date_format: Of sale dates, in the directives of `strftime`.
        sign: What stands beside every price, such as a currency's.
        missing: Texts that mean that a number is not known; an empty cell always does.
        names: What features are called whose column has another name, by column.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str | None = None
    date_format: str = "%Y-%m-%d"
    sign: str = ""
    missing: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a form that no table can have.

        Raises:
            ValueError: Cells or digits could not be told apart.
        """
        marks = [self.decimal, self.thousands]
        if any(
            mark is not None and len(mark) != 1 for mark in [*marks, self.delimiter]
        ):
            raise ValueError("delimiter, decimal and thousands: expected one character")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands: expected two different characters")

    def column_of(self, name: str) -> str:
        """Return what the column is called in the file that has a name here."""
        return next((old for old, new in self.names.items() if new == name), name)

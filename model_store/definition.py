"""The definition of a data set: what the columns of a table of sales mean."""

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from model_store.errors import DatasetError
from model_store.goal import Goal
from model_store.schema import Feature, Schema
from model_store.table_form import TableForm


@dataclass(frozen=True)
class Definition:
    """What the columns of a table of sales mean.

    Attributes:
        name: Name of the data set and, by default, of models made from it.
        title: One line for people.
        source: Where the sales come from.
        licence: Licence of the table.
        table: CSV file beside the definition, compressed or not, or a Parquet file.
        currency: ISO 4217 code of the target.
        target: Column of the price paid.
        date: Column of the sale date; no feature.
        features: Columns that a house is priced by.
        id: Column that names a row in messages; never an input.
        test_from: First sale date of the test period; without it the last fifth
            of the sales by date is the test.
        description: More for people.
        goals: What an assessment of a recipe on these sales must show, by figure.
        form: How the cells of the table are written.
        left_out: Columns of the table that no house is priced by, and why.
        kept: Features that price houses even if they look as if they knew the price,
            and why: a person's word.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    title: str
    source: str
    licence: str
    table: str
    currency: str
    target: str
    date: str
    features: tuple[Feature, ...]
    id: str | None = None
    test_from: dt.date | None = None
    description: str = ""
    goals: dict[str, Goal] = field(default_factory=dict)
    form: TableForm = field(default_factory=TableForm)
    left_out: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a column that is used twice, or houses without a number.

        Raises:
            ValueError: The price or the date would be an input, or similar; or no
                house could be compared with another.
        """
        twice = {name for name in self.columns if self.columns.count(name) > 1}
        numeric = any(feature.kind != "category" for feature in self.features)
        if twice or self.id in self.columns or not numeric:
            raise ValueError(
                "expected at least one feature that is a number, and features, target, "
                f"date and id to be different columns; got {[*self.columns, self.id]}"
            )

    @property
    def columns(self) -> list[str]:
        """Every column that is needed: features, target and date."""
        return [*(f.name for f in self.features), self.target, self.date]

    @cached_property
    def schema(self) -> Schema:
        """The features as the schema of a house."""
        return Schema(self.features)


_DEFINITION: TypeAdapter[Definition] = TypeAdapter(Definition)


def read(path: Path) -> Definition:
    """Read a definition.

    Raises:
        DatasetError: The file cannot be read or is not a definition.
    """
    try:
        return _DEFINITION.validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        detail = _first(error) if isinstance(error, ValidationError) else str(error)
        raise DatasetError(f"{path}: not a data-set definition: {detail}") from error


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}, got {first['input']!r:.80}"

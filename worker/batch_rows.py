"""The rows of a batch: what each may say, and what is wrong with one that may not."""

import functools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from model_store.archive.property import PROPERTY_ID
from model_store.schema import Schema
from worker import cells
from worker.batch import Purpose

#: The column, or member, by which a client knows a row.
CUSTOM_ID = "custom_id"
#: Comes before the house in a row that is written here.
_HOUSE = b'"input":'
#: Characters of it, at most.
_MAX_CUSTOM_ID = 200
#: A spreadsheet may run what follows a control character.
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"


class WrongRow(Exception):
    """A row is not one that can be priced; `errors` says why, as pydantic does."""

    def __init__(self, errors: list[dict[str, Any]], custom_id: str | None) -> None:
        super().__init__()
        self.errors = errors
        self.custom_id = custom_id


class _Row(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False
    )

    custom_id: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=_MAX_CUSTOM_ID,
            pattern=_PRINTABLE,
            description="Your own name of the row, which comes back with its price.",
            examples=["row-7"],
        ),
    ] = None


class _PropertyRow(_Row):
    custom_id: Annotated[
        str,
        Field(
            pattern=f"^{PROPERTY_ID.pattern}$",
            description="Your own id of the property.",
            examples=["alder-1"],
        ),
    ]


@functools.lru_cache(maxsize=8)
def row_model(
    house: type[BaseModel], purpose: Purpose = "predictions"
) -> type[BaseModel]:
    """Return the model of a row, as a model of houses has it."""
    fields: dict[str, Any] = {
        "input": (house, Field(description="The house to be priced."))
    }
    if purpose == "properties":
        name, base, words = "PropertyRow", _PropertyRow, "A property of an import."
        return create_model(name, __base__=base, __doc__=words, **fields)
    return create_model(
        "BatchRow", __base__=_Row, __doc__="A house of a batch.", **fields
    )


def row_of(property_id: str, house: bytes) -> bytes:
    """Return a row for a property that is stored; `house_of` returns its house again.

    Args:
        property_id: Its id.
        house: The house as JSON.
    """
    return b'{"%s":"%s",%s%s}' % (
        CUSTOM_ID.encode(),
        property_id.encode(),
        _HOUSE,
        house,
    )


def house_of(row: bytes) -> bytes:
    """Return the house of a row of `row_of`, byte for byte: so it is known again."""
    return row.partition(_HOUSE)[2][:-1]


def name_of(row: bytes, columns: Sequence[str] | None) -> str | None:
    """Return the client's name of a row that may be wrong; None: it cannot be read.

    Args:
        row: As it came.
        columns: Names of a table's columns; None where rows are objects.
    """
    try:
        document = orjson.loads(row)
    except orjson.JSONDecodeError:
        return None
    return _name(document) if columns is None else _name_in(document, columns)


class Rows:
    """Reads the rows of a batch as a model version expects them.

    Args:
        schema: That of the version.
        columns: Names of a table's columns; None where rows are objects.
        purpose: That of the batch.
    """

    def __init__(
        self,
        schema: Schema,
        columns: Sequence[str] | None,
        purpose: Purpose = "predictions",
    ) -> None:
        self._model = row_model(schema.house_model(), purpose)
        validator = self._model.__pydantic_validator__
        # To read and check a text in one pass takes less than one after the other; of
        # what is read already, to ask takes two thirds of what an object would.
        self._from_json, self._fits = (
            validator.validate_json,
            validator.isinstance_python,
        )
        numbers = {one.name for one in schema.features if one.kind != "category"}
        self._is_table = columns is not None
        self._columns = [(name, name in numbers) for name in columns or ()]

    def read(self, row: bytes) -> tuple[str | None, Mapping[str, Any]]:
        """Return the client's name of a row, and its house.

        Raises:
            WrongRow: It is not as the version expects it.
        """
        if self._is_table:
            return self._expected(self._of_cells(_loaded(row)))
        try:
            read = self._from_json(row)
        except ValidationError:
            # Once more, to tell what is wrong with it.
            return self._expected(_loaded(row))
        return read.custom_id, vars(read.input)

    def _expected(self, document: Any) -> tuple[str | None, Mapping[str, Any]]:
        if not self._fits(document):
            raise WrongRow(self._faults(document), _name(document))
        return document.get(CUSTOM_ID), document["input"]

    def _faults(self, document: Any) -> list[dict[str, Any]]:
        try:
            self._model.model_validate(document)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False)
            return [_kept(one) for one in found]
        return []

    def canonical(self, row: bytes) -> bytes:
        """Return the house of a row that was priced, as submits have it."""
        document = orjson.loads(row)
        if self._is_table:
            document = self._of_cells(document)
        read: Any = self._model.model_validate(document)
        text: str = read.input.model_dump_json(exclude_none=True)
        return text.encode()

    def _of_cells(self, row: Sequence[str]) -> dict[str, Any]:
        """Return what JSON would say of a table's row; an empty cell says nothing."""
        expected = len(self._columns)
        if len(row) != expected:
            raise _wrong(
                "cells_expected",
                f"Expected {expected} cells as in the first line, got {len(row)}.",
                _name_in(row, [name for name, _ in self._columns]),
            )
        house = {
            name: cells.number(cell) if is_number else cell
            for (name, is_number), cell in zip(self._columns, row, strict=True)
            if cell
        }
        if CUSTOM_ID not in house:
            return {"input": house}
        return {CUSTOM_ID: house.pop(CUSTOM_ID), "input": house}


def _loaded(row: bytes) -> Any:
    try:
        return orjson.loads(row)
    except orjson.JSONDecodeError as error:
        words = f"This is not JSON: {error.msg} at character {error.colno}."
        raise _wrong("malformed_row", words) from None


def _wrong(code: str, message: str, custom_id: str | None = None) -> WrongRow:
    error: dict[str, Any] = {"loc": [], "type": code, "msg": message, "input": None}
    return WrongRow([error], custom_id)


def _name_in(cells: Sequence[str], columns: Sequence[str]) -> str | None:
    return _name(dict(zip(columns, cells, strict=False))) or None


def _name(document: Any) -> str | None:
    named = document.get(CUSTOM_ID) if isinstance(document, dict) else None
    return named[:_MAX_CUSTOM_ID] if isinstance(named, str) else None


def _kept(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error as JSON has it; of objects and lists it tells the kind."""
    value = error["input"]
    for kind in (dict, list):
        value = kind() if isinstance(value, kind) else value
    told = {name: error[name] for name in ("loc", "type", "msg")}
    return {**told, "input": value}

"""Rows of a file go to the API a few hundred at a time, and come back priced."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.client import (
    RESULT_COLUMNS,
    Client,
    KerbsideError,
    Prediction,
    result_columns,
)

#: Houses that are handed to the client together, for each that it prices at a time:
#: the fewer, the more often all wait for the last one.
_TOGETHER = 16

Row = Sequence[str]
Result = Prediction | KerbsideError


class NothingTold(KerbsideError):
    """No cell of a feature is filled in, so there is no house to price."""

    is_about_house = True

    def __init__(self) -> None:
        super().__init__("No feature of the model has a value in this row.")


@dataclass(frozen=True, slots=True)
class Run:
    """One pricing of one file, however often it is interrupted."""

    #: The idempotency keys of its houses begin with it.
    id: str
    model_version: str

    def priced(
        self,
        client: Client,
        rows: Iterable[Row],
        house: Callable[[Row], dict[str, Any]],
        *,
        first: int,
    ) -> Iterator[list[tuple[Row, Result]]]:
        """Yield rows with their prices, or with why they have none, some at a time.

        Args:
            client: Prices the houses.
            rows: Those of the file from number `first` on.
            house: Returns the house that a row tells.
            first: How many rows were priced before.

        Raises:
            KerbsideError: The service fails; rows that were not yielded keep their
                keys, so that none is priced twice.
        """
        numbered = enumerate(rows, first)
        while some := list(itertools.islice(numbered, _TOGETHER * client.concurrency)):
            houses = {number: told for number, row in some if (told := house(row))}
            results: Any = client.price(
                list(houses.values()),
                errors="keep",
                keys=[f"{self.id}:{number}" for number in houses],
                version=self.model_version,
            )
            by_number = dict(zip(houses, results, strict=True))
            found = [
                (row, by_number.get(number, NothingTold())) for number, row in some
            ]
            whole = list(itertools.takewhile(_is_about_house, found))
            yield whole
            if len(whole) < len(found):
                raise found[len(whole)][1]


def _is_about_house(priced: tuple[Row, Result]) -> bool:
    result = priced[1]
    return not isinstance(result, KerbsideError) or result.is_about_house


def cells(result: Result) -> list[Any]:
    """Return the cells that a priced row gets, in the order of RESULT_COLUMNS."""
    values = result_columns(result)
    return [_cell(values[name]) for name in RESULT_COLUMNS]


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value

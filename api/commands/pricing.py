"""Rows of a file go to the API a few hundred at a time, and come back priced."""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from api.client import (
    RESULT_COLUMNS,
    ApiError,
    Client,
    KerbsideError,
    Prediction,
    result_columns,
)

#: Houses that are handed to the client together, for each that it prices at a time:
#: the fewer, the more often all wait for the last one.
_TOGETHER = 16
#: Seconds before houses that a limit held up are sent again, at least.
_PAUSE_S = 1

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
    #: Waits for seconds.
    pause: Callable[[float], None] = time.sleep

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
            by_number = self._results(client, houses)
            found = [
                (row, by_number.get(number, NothingTold())) for number, row in some
            ]
            whole = list(itertools.takewhile(_is_about_house, found))
            yield whole
            if len(whole) < len(found):
                raise found[len(whole)][1]

    def _results(
        self, client: Client, houses: Mapping[int, dict[str, Any]]
    ) -> dict[int, Any]:
        """Return what came of houses; those that a limit holds up come in time."""
        results: dict[int, Any] = {}
        left = dict(houses)
        while left:
            told: Any = client.price(
                list(left.values()),
                errors="keep",
                keys=[f"{self.id}:{number}" for number in left],
                version=self.model_version,
            )
            results |= zip(left, told, strict=True)
            waits_s = {n: wait for n in left if (wait := _limited_s(results[n]))}
            left = {number: houses[number] for number in waits_s}
            if left:
                self.pause(max(waits_s.values()))
        return results


def _limited_s(result: Result) -> float:
    """Return the seconds for which a limit of the key or tenant holds a house up."""
    if isinstance(result, ApiError) and result.status == HTTPStatus.TOO_MANY_REQUESTS:
        return max(_PAUSE_S, result.retry_after_s)
    return 0


def _is_about_house(priced: tuple[Row, Result]) -> bool:
    result = priced[1]
    return not isinstance(result, KerbsideError) or result.is_about_house


def cells(result: Result) -> list[Any]:
    """Return the cells that a priced row gets, in the order of RESULT_COLUMNS."""
    values = result_columns(result)
    return [_cell(values[name]) for name in RESULT_COLUMNS]


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
